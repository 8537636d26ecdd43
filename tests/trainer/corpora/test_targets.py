"""Who has no label for a model is left out by name, never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.contract.labels import EMOTIONS, SEXES
from trainer.corpora.base import Utterance
from trainer.corpora.targets import target, with_target


def utterance(*, emotion: str = "sad", sex: str = "F") -> Utterance:
    return Utterance(
        path=Path(f"{emotion}-{sex}.wav"),
        corpus="c",
        emotion=emotion,
        speaker="c_1",
        sex=sex,
        age_years=None,
        intensity="",
        text="",
        take="",
    )


@pytest.mark.parametrize(
    ("labels", "asked", "answer"),
    [
        (EMOTIONS, utterance(emotion="calm"), "calm"),
        (("happy", "sad"), utterance(emotion="calm"), ""),
        (SEXES, utterance(sex="F"), "female"),
        (SEXES, utterance(sex="M"), "male"),
        (SEXES, utterance(sex=""), ""),
    ],
)
def test_target(labels: tuple[str, ...], asked: Utterance, answer: str) -> None:
    assert target(asked, labels) == answer


def test_without_a_label_is_left_out_with_the_reason() -> None:
    found = with_target([utterance(), utterance(emotion="calm")], ("happy", "sad"))
    assert [u.emotion for u in found.utterances] == ["sad"]
    assert found.reasons() == {"calm, which is none of the model's labels": 1}
    assert with_target([utterance(sex="")], SEXES).reasons() == {
        "the speaker's sex is not known": 1
    }
