"""Quiet hours are what a clock on the wall shows, also on the days that lose or win an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decide.quiethours import quiet_minutes, quiet_span
from tests.support import need

NIGHT = "22:00-06:30"


@pytest.mark.parametrize(
    ("span", "minutes"),
    [
        ("22:00-06:30", (1320, 390)),
        ("00:00-24:00", (0, 1440)),
        ("12:30-14:00", (750, 840)),
        ("23:59-00:00", (1439, 0)),
    ],
)
def test_a_span(span: str, minutes: tuple[int, int]) -> None:
    assert quiet_minutes(span) == minutes


@pytest.mark.parametrize(
    "span",
    ["", "22-6", "24:00-06:00", "22:00-06:60", "2:00-06:00", "22:00 - 06:00", "22:00-06:00h"],
)
def test_what_is_no_span(span: str) -> None:
    with pytest.raises(ValueError, match="is no time of the day; write it like"):
        quiet_minutes(span)


@pytest.mark.parametrize("span", ["07:00-07:00", "00:00-00:00"])
def test_a_span_of_nothing_or_everything_is_refused(span: str) -> None:
    with pytest.raises(ValueError, match="begins when it ends; for the whole day write"):
        quiet_minutes(span)


@pytest.mark.parametrize(
    ("time", "quiet"),
    [
        ("21:59:59", None),
        ("22:00:00", NIGHT),
        ("00:00:00", NIGHT),
        ("06:29:59", NIGHT),
        ("06:30:00", None),
        ("12:59:59", None),
        ("13:00:00", "13:00-14:00"),
    ],
)
def test_the_end_does_not_belong_to_it(time: str, quiet: str | None) -> None:
    wall = datetime.fromisoformat(f"2026-11-26T{time}+01:00")
    assert quiet_span([NIGHT, "13:00-14:00"], wall) == quiet


CHANGES = [
    # zone, the evening, real minutes from 22:00 to 06:30 of a clock on the wall
    ("Europe/Berlin", date(2026, 3, 28), 450),
    ("Europe/Berlin", date(2026, 10, 24), 570),
    ("Europe/Berlin", date(2026, 11, 26), 510),
    ("America/New_York", date(2026, 3, 7), 450),
    ("America/New_York", date(2026, 10, 31), 570),
    ("Australia/Lord_Howe", date(2026, 4, 4), 540),  # half an hour only
    ("Australia/Lord_Howe", date(2026, 10, 3), 480),
    ("America/Santiago", date(2026, 4, 4), 570),  # at midnight: 23:00 comes twice
    ("America/Santiago", date(2026, 9, 5), 450),  # 00:00 does not come
    ("Asia/Kolkata", date(2026, 3, 28), 510),
]


def zone_of(name: str) -> ZoneInfo:
    need(name in available_timezones(), "the time zones of Debian's tzdata")
    return ZoneInfo(name)


@pytest.mark.parametrize(("name", "evening", "n_minutes"), CHANGES)
def test_a_night_with_a_change_is_quiet_from_ten_to_half_past_six(
    name: str, evening: date, n_minutes: int
) -> None:
    zone = zone_of(name)
    noon = datetime(evening.year, evening.month, evening.day, 12, tzinfo=zone).astimezone(UTC)
    walls = [(noon + timedelta(minutes=n)).astimezone(zone) for n in range(24 * 60 - 180)]
    quiet = [wall for wall in walls if quiet_span([NIGHT], wall)]
    assert len(quiet) == n_minutes
    assert (quiet[0].hour, quiet[0].minute) == (22, 0)
    assert (quiet[-1].hour, quiet[-1].minute) == (6, 29)


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    zone = zone_of("Europe/Berlin")
    begin = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)  # 02:00 in summer time
    walls = [(begin + timedelta(minutes=n)).astimezone(zone) for n in range(120)]
    quiet = [quiet_span(["02:15-02:45"], wall) is not None for wall in walls]
    hour = [False] * 15 + [True] * 30 + [False] * 15
    assert quiet == hour * 2


TIMES = st.times().map(lambda time: time.strftime("%H:%M"))


@given(TIMES, TIMES, st.datetimes(timezones=st.just(UTC)))
def test_a_span_and_its_complement_are_the_whole_day(begin: str, end: str, wall: datetime) -> None:
    if begin == end:
        return
    within = quiet_span([f"{begin}-{end}"], wall) is not None
    without = quiet_span([f"{end}-{begin}"], wall) is not None
    assert within is not without
    now = wall.strftime("%H:%M")
    assert within is (begin <= now < end if begin < end else not end <= now < begin)
