from __future__ import annotations

import pytest

from edge.contract.labels import EMOTIONS, GROUPS, members


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
