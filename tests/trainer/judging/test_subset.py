"""A part of many recordings that is like the whole."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract.labels import EMOTIONS, SEXES
from tests.fakes.utterances import utterance
from trainer.corpora.base import Utterance
from trainer.judging.subset import stratified

UTTERANCES = tuple(
    utterance(
        f"{emotion}-{take}-{actor}.wav",
        emotion=emotion,
        speaker=f"ravdess_{actor}",
        sex="FM"[actor % 2],
    )
    for actor in range(1, 6)
    for emotion in EMOTIONS
    for take in (1, 2)
    # One speaker has half of the others' clips, and one emotion is rare.
    if (actor, take) != (5, 1) and (emotion, actor) not in {("sad", 2), ("sad", 3), ("sad", 4)}
)


def drawn(n_most: int, labels: tuple[str, ...] = EMOTIONS, *, seed: int = 0) -> list[Utterance]:
    return stratified(UTTERANCES, labels, n_most=n_most, seed=seed)


def test_all_are_taken_where_there_are_no_more() -> None:
    assert drawn(len(UTTERANCES)) == list(UTTERANCES)


@pytest.mark.parametrize("n_most", [8, 16, 24])
def test_labels_are_even(n_most: int) -> None:
    counts = Counter(u.emotion for u in drawn(n_most))
    # There are three sad ones.
    assert all(counts[emotion] == n_most // 8 for emotion in EMOTIONS)


def test_speakers_are_even_within_a_label() -> None:
    counts = Counter((u.emotion, u.speaker) for u in drawn(32) if u.emotion != "sad")
    assert set(counts.values()) == {1}


def test_few_clips_are_not_all_of_one_speaker() -> None:
    assert len({u.speaker for u in drawn(8)}) > 2


def test_the_strata_of_a_model_of_sex_are_the_sexes() -> None:
    assert Counter(u.sex for u in drawn(10, SEXES)) == {"F": 5, "M": 5}


def test_seeds_draw_differently() -> None:
    assert drawn(16, seed=1) != drawn(16, seed=2)


@given(st.data(), st.integers(1, len(UTTERANCES)))
def test_the_order_given_decides_nothing_but_the_order(data: Any, n_most: int) -> None:
    others = data.draw(st.permutations(UTTERANCES))
    found = stratified(others, EMOTIONS, n_most=n_most, seed=0)
    assert len(found) == n_most
    assert set(found) == set(drawn(n_most))
