from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.record.spans import duration_text, point_in_time


@pytest.fixture(autouse=True)
def berlin(monkeypatch):
    """Local time with a change of the clocks."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


WINTER = timezone(timedelta(hours=1))
SUMMER = timezone(timedelta(hours=2))
NOW = datetime(2026, 11, 20, 23, 10, 5, tzinfo=WINTER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", datetime(2026, 11, 20, 21, 40, 5, tzinfo=WINTER)),
        ("2h", datetime(2026, 11, 20, 21, 10, 5, tzinfo=WINTER)),
        ("3d", datetime(2026, 11, 17, 23, 10, 5, tzinfo=WINTER)),
        ("1w", datetime(2026, 11, 13, 23, 10, 5, tzinfo=WINTER)),
        ("30s", datetime(2026, 11, 20, 23, 9, 35, tzinfo=WINTER)),
        ("now", NOW),
        ("today", datetime(2026, 11, 20, tzinfo=WINTER)),
        ("yesterday", datetime(2026, 11, 19, tzinfo=WINTER)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=WINTER)),
        ("2026-07-01", datetime(2026, 7, 1, tzinfo=SUMMER)),
        ("2026-11-20T22:30", datetime(2026, 11, 20, 22, 30, tzinfo=WINTER)),
        ("2026-11-20T22:30:00Z", datetime(2026, 11, 20, 23, 30, tzinfo=WINTER)),
        ("2026-11-20 22:30+05:00", datetime(2026, 11, 20, 18, 30, tzinfo=WINTER)),
    ],
)
def test_a_point_in_time(text, expected):
    assert point_in_time(text, now=NOW) == expected


def test_a_day_on_which_the_clocks_change_begins_with_the_offset_of_its_morning():
    now = datetime(2026, 10, 25, 12, 0, tzinfo=WINTER)
    assert point_in_time("today", now=now) == datetime(2026, 10, 25, tzinfo=SUMMER)


@pytest.mark.parametrize(
    "text", ["", "2", "h", "-2h", "2 h", "1.5h", "tomorow", "20.11.2026", "2026-13-01", "2hours"]
)
def test_what_is_no_time_is_refused_with_examples(text):
    with pytest.raises(ValueError, match="is no time; expected for example 90m"):
        point_in_time(text, now=NOW)


def test_too_long_ago():
    with pytest.raises(ValueError, match="too long ago"):
        point_in_time("999999999w", now=NOW)


@given(number=st.integers(0, 100_000), unit=st.sampled_from("smhdw"))
def test_a_longer_span_is_longer_ago(number, unit):
    point = point_in_time(f"{number}{unit}", now=NOW)
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}[unit]
    assert (NOW - point).total_seconds() == number * seconds


@pytest.mark.parametrize(
    ("duration_s", "expected"),
    [
        (0.0, "0.0 s"),
        (4.24, "4.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (185.2, "3 min 05 s"),
        (3599.7, "1 h 00 min"),
        (7810.0, "2 h 10 min"),
    ],
)
def test_a_duration_for_people(duration_s, expected):
    assert duration_text(duration_s) == expected
