"""What the page says of each status: whether anybody listens comes before what is heard."""

from __future__ import annotations

from typing import Any

import pytest

from edge.contract.labels import STATES
from edge.dashboard.drawing.shapes import icon
from edge.dashboard.pages import wording
from edge.dashboard.pages.now import view_of
from tests.fakes.dashboard import ZONE, House, heard, open_alarm
from tests.fakes.ears import alarm


@pytest.mark.parametrize(
    ("changes", "picture", "sentence", "detail"),
    [
        ({}, "angry", "Sounds angry", "72% · since 14:45"),
        ({"state": "calm", "confidence": 0.5, "state_since": None}, "calm", "Sounds calm", "50%"),
        ({"state": "no_speech"}, "no_speech", "No voice to be heard", "since 14:45"),
        (
            {"state": "uncertain"},
            "uncertain",
            "Hard to tell how it sounds",
            "since 14:45",
        ),
        (
            {"health": "deaf"},
            "deaf",
            "Cannot hear",
            "The microphone gives no usable sound, so no alarm can be raised.",
        ),
        (
            {"health": "muted"},
            "muted",
            "Muted",
            "The microphone is off until somebody turns it on again.",
        ),
        ({"health": "starting"}, "starting", "Starting", "The program is starting."),
        (
            {"health": "stopped"},
            "away",
            "Nobody listens",
            "The program that listens does not answer, so no alarm can be raised.",
        ),
    ],
)
def test_what_is_said_of_a_status(
    changes: dict[str, Any], picture: str, sentence: str, detail: str
) -> None:
    view = view_of(heard(**changes), ZONE)
    assert (view.picture, view.sentence, view.detail) == (picture, sentence, detail)
    assert bool(view.probabilities) == view.is_heard


def test_without_ears_nobody_listens() -> None:
    view = view_of(None, ZONE)
    assert (view.health, view.sentence, view.alarms) == ("away", "Nobody listens", ())


def test_alarms_are_newest_first_and_called_out() -> None:
    other = alarm("a-other", rule="trouble: disk", severity="notice", reason="the disk is full")
    view = view_of(heard(alarms=(open_alarm(), other)), ZONE)
    assert [one.title for one in view.alarms] == [
        "The disk is nearly full",
        "Somebody sounds in distress",
    ]
    assert view.call == "Alarm: The disk is nearly full; Somebody sounds in distress"
    assert view.title == "⚠ The disk is nearly full"


@pytest.mark.parametrize("level_dbfs", [-120.0, -31.4, 0.0])
def test_level_is_within_the_meter(level_dbfs: float) -> None:
    view = view_of(heard(level_dbfs=level_dbfs), ZONE)
    assert -70 <= view.level_dbfs <= 0


def test_each_state_has_a_shape_and_words_of_its_own() -> None:
    assert len({icon(state) for state in STATES}) == len(STATES)
    assert len({wording.state_word(state) for state in STATES}) == len(STATES)
    assert len({wording.state_sentence(state) for state in STATES}) == len(STATES)


def test_an_alarm_with_any_text_is_shown_as_text(house: House) -> None:
    nasty = "<script>alert(1)</script>"
    house.show(alarms=(alarm("x", rule=nasty, reason=nasty),), fault=nasty, trouble=(nasty,))
    for _ in range(2):
        page = house.log_in("anna").get("/").text
    assert "&lt;script&gt;" in page
    assert nasty not in page
