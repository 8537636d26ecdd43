from __future__ import annotations

import io
from dataclasses import replace

import pytest

from edge.cli.live import LiveView, line
from edge.decide.outcomes import Signal
from edge.record.care import Action
from edge.service.happenings import AlarmNews
from tests.edge.record.samples import event
from tests.fakes.alarms import change

SIGNAL = Signal(
    health="listening",
    state="angry",
    confidence=0.62,
    speaking=True,
    alarm=None,
    level_dbfs=-30.0,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "listening  [######......]  -30 dBFS  speech  angry      62%"),
        (
            {"state": "no_speech", "confidence": 0.0, "speaking": False, "level_dbfs": -120.0},
            "listening  [............] -120 dBFS          no speech",
        ),
        ({"level_dbfs": 0.0, "alarm": "distress"}, "[############]    0 dBFS"),
        ({"health": "deaf"}, "DEAF "),
        ({"health": "muted"}, "MUTED "),
    ],
)
def test_the_line(changes: dict, expected: str) -> None:
    assert expected in line(replace(SIGNAL, **changes), lamps=False)


def test_the_lamp_of_the_state_is_lit() -> None:
    assert line(SIGNAL, lamps=True).endswith("LEDs ○○○●○○○○")


def test_a_terminal_has_one_line_that_is_drawn_anew() -> None:
    stream = Terminal()
    view = LiveView(stream)
    view.begin(["model x"], draws_lamps=True)
    view.show(SIGNAL)
    view.show(SIGNAL)
    view.close()
    text = stream.getvalue()
    assert text.count("\n") == 2
    assert text.count("\r\x1b[K") == 3


def test_elsewhere_only_changes_are_printed() -> None:
    stream = io.StringIO()
    view = LiveView(stream)
    view.show(SIGNAL)
    view.show(replace(SIGNAL, health="deaf", fault="the microphone is gone"))
    view.show(SIGNAL)
    acknowledged = change(phase="acknowledged", reason="acknowledged", who="button")
    view.take(AlarmNews(changes=(change(reason="sad"), acknowledged)), state="sad")
    view.take(Action(action="muted", who="page: anna"), state="sad")
    view.close()
    assert stream.getvalue() == (
        "the microphone is gone\nsound comes again\nALARM distress raised: sad\n"
        "ALARM distress acknowledged by button\nmuted by page: anna\n"
    )


def test_a_fault_that_lasts_is_said_once() -> None:
    stream = io.StringIO()
    view = LiveView(stream)
    for seconds in (30, 31, 120):
        view.show(replace(SIGNAL, health="deaf", fault=f"only digital silence for {seconds} s"))
    view.show(replace(SIGNAL, health="deaf", fault="the microphone is gone"))
    assert stream.getvalue() == "only digital silence for 30 s\nthe microphone is gone\n"


def test_a_journal_does_not_keep_how_people_sounded() -> None:
    kept, shown = io.StringIO(), io.StringIO()
    for view in (LiveView(kept, tells_states=False), LiveView(shown)):
        view.take(event("sad"), state="sad")
    assert (kept.getvalue(), shown.getvalue()) == ("", "sad 72%\n")
