from __future__ import annotations

import pytest

from edge.contract.labels import (
    EMOTIONS,
    GROUPS,
    NON_VOICE,
    SEXES,
    members,
    refuse_unordered,
    subject,
)


def test_no_group_bears_an_emotions_name() -> None:
    assert not set(GROUPS) & set(EMOTIONS)


def test_groups_hold_emotions() -> None:
    assert all(set(emotions) <= set(EMOTIONS) for emotions in GROUPS.values())


def test_members() -> None:
    assert members("angry") == ("angry",)
    assert set(members("distress")) == {"fearful", "sad", "angry"}


def test_an_unknown_word_names_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match="'rage' is neither an emotion nor a group; known are: calm"
    ):
        members("rage")


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (EMOTIONS, "the emotion"),
        ((*EMOTIONS, NON_VOICE), "the emotion"),
        (EMOTIONS[1:], "the emotion, but never calm"),
        (EMOTIONS[:-2], "the emotion, but never surprised or neutral"),
        (SEXES, "the speaker's sex"),
    ],
)
def test_what_a_model_tells(labels: tuple[str, ...], told: str) -> None:
    refuse_unordered(labels)
    assert subject(labels) == told


@pytest.mark.parametrize(
    "labels",
    [
        (),
        (NON_VOICE,),
        ("male", "female"),
        ("female",),
        (*SEXES, NON_VOICE),
        (*EMOTIONS, "female"),
        ("happy", "calm"),
        ("calm", NON_VOICE, "happy"),
        ("calm", "calm"),
    ],
)
def test_labels_that_no_model_may_have(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected a subset of calm, .* or female, male"):
        refuse_unordered(labels)
