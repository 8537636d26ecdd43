from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConfigError
from edge.notify.topics import Topics, slug


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        ("Living room", "living_room"),
        ("Anna's room", "anna_s_room"),
        ("Küche", "kueche"),
        ("Straße 5", "strasse_5"),
        ("Chambre d'Élise", "chambre_d_elise"),
        ("  bed-room_2 ", "bed-room_2"),
    ],
)
def test_a_room_is_known_by_its_name(room, expected):
    assert slug(room) == expected


@given(st.text())
def test_any_name_is_a_level_of_a_topic_and_a_node_of_home_assistant(room):
    topics = Topics.of(prefix="ser-edge", room=room)

    assert re.fullmatch(r"ser-edge/[a-z0-9_-]+", topics.head)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", topics.node)


def test_names_of_which_no_letter_is_left_are_told_apart():
    assert slug("居間") != slug("台所")
    assert slug("?!") not in {"", slug("!?")}


def test_a_room_within_a_building_has_a_longer_head():
    topics = Topics.of(prefix="home/upstairs/", room="Bed")

    assert topics("emotion") == "home/upstairs/bed/emotion"
    assert topics.node == "home_upstairs_bed"


@pytest.mark.parametrize("prefix", ["", "/", "a/#", "a/+/b", "a\0b"])
def test_a_prefix_that_no_broker_takes_is_refused(prefix):
    with pytest.raises(ConfigError, match=r"mqtt\.prefix"):
        Topics.of(prefix=prefix, room="Bed")
