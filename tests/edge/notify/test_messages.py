from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.notify import messages
from edge.notify.messages import table, words
from tests.edge.record.samples import change, message

THEN = datetime.fromisoformat("2026-11-20T03:12:05.123+01:00")
SOON = THEN + timedelta(seconds=2)
HELD = "sad or angry for 12 s of the last 20 s"
GONE = "the microphone is gone"
NEXT_DAY = THEN + timedelta(hours=22)


def said(phase="raised", *, now=SOON, **fields):
    about = message(change(phase, reason=f"{HELD}."))
    return words(replace(about, time=THEN.isoformat(timespec="milliseconds"), **fields), now=now)


@pytest.mark.parametrize(
    ("phase", "fields", "expected"),
    [
        (
            "raised",
            {},
            f"Distress since 03:12: {HELD}. Nobody has answered yet.",
        ),
        (
            "escalated",
            {"step": 1},
            f"Still nobody has answered at 03:12. Distress: {HELD}.",
        ),
        (
            "acknowledged",
            {"who": "page: anna", "note": "all is well", "reason": "acknowledged"},
            "Anna answered at 03:12: distress. Note: all is well",
        ),
        (
            "acknowledged",
            {"who": "button", "reason": "acknowledged"},
            "Somebody at the button answered at 03:12: distress.",
        ),
        ("ended", {"reason": "nobody answered"}, "Distress ended at 03:12: nobody answered."),
        (
            "raised",
            {"rule": "trouble: deaf", "reason": GONE},
            f"Trouble with the device (deaf) since 03:12: {GONE}. Nobody has answered yet.",
        ),
        ("raised", {"alarm": messages.TEST}, "This is a test at 03:12. Nobody needs to come."),
    ],
)
def test_what_happened_is_said_in_plain_words(phase, fields, expected):
    assert said(phase, **fields).text == expected


def test_the_title_names_room_and_rule():
    assert said().title == "Anna's room: distress"


def test_what_comes_late_says_when_it_happened_and_what_time_it_is():
    late = said(now=THEN + timedelta(minutes=47))

    assert late.is_late
    assert "since 03:12:" in late.text
    assert late.text.endswith("Delivered late: it is 03:59 now.")


def test_what_comes_on_another_day_says_the_day():
    assert "since 03:12 on 20 November 2026:" in said(now=NEXT_DAY + timedelta(hours=5)).text


def test_the_time_is_that_of_the_room_wherever_the_reader_is():
    utc = SOON.astimezone(tz=datetime.fromisoformat("2026-11-20T00:00+00:00").tzinfo)

    assert said(now=utc) == said()


def test_a_clock_that_was_set_back_makes_nothing_late():
    assert not said(now=THEN - timedelta(days=900)).is_late


@given(
    phase=st.sampled_from(list(messages._TEXTS)), reason=st.text(), who=st.text(), note=st.text()
)
def test_whatever_people_write_is_no_template(phase, reason, who, note):
    text = said(phase, reason=reason, who=who, note=note).text

    assert note in text


def test_a_program_gets_the_fields_and_the_words():
    about = message(change())

    shown = table(about, now=SOON)

    assert shown["message"] == about.message
    assert shown["text"] == words(about, now=SOON).text
    assert shown["late"] is False


def test_each_test_is_another_message():
    one, other = (messages.test_message("a", room="Bed", now=SOON) for _ in range(2))

    assert one.message != other.message
    assert messages.is_test(one)
    assert not messages.is_test(message(change()))
