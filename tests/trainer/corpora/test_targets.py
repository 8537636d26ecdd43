"""Who has no label for a model is left out by name, never lost."""

from __future__ import annotations

import pytest

from edge.contract.labels import EMOTIONS, NON_VOICE, SEXES
from tests.fakes.utterances import utterance
from trainer.corpora.base import Utterance
from trainer.corpora.targets import spoken, target, with_target


@pytest.mark.parametrize(
    ("labels", "asked", "answer"),
    [
        (EMOTIONS, utterance("a.wav", emotion="calm"), "calm"),
        (("happy", "sad"), utterance("a.wav", emotion="calm"), ""),
        (SEXES, utterance("a.wav", sex="F"), "female"),
        (SEXES, utterance("a.wav", sex="M"), "male"),
        (SEXES, utterance("a.wav", sex=""), ""),
    ],
)
def test_target(labels: tuple[str, ...], asked: Utterance, answer: str) -> None:
    assert target(asked, labels) == answer


def test_without_a_label_is_left_out_with_the_reason() -> None:
    sad, calm = utterance("a.wav", emotion="sad"), utterance("b.wav", emotion="calm")
    found = with_target([sad, calm], ("happy", "sad"))
    assert found.utterances == (sad,)
    assert found.reasons() == {"calm, which is none of the model's labels": 1}
    assert {item.cause for item in found.left_out} == {"by design"}
    assert with_target([sad], SEXES).reasons() == {"the speaker's sex is not known": 1}


def test_a_voice_may_be_answered_with_all_but_its_absence() -> None:
    assert spoken((*EMOTIONS, NON_VOICE)) == spoken(EMOTIONS) == EMOTIONS
