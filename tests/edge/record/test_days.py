"""Every moment belongs to one local day, whatever its clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.record.days import day_bounds, days_between, local
from edge.record.moments import epoch_ms

# Havana and Beirut change their clocks at midnight, Lord Howe by half an hour.
ZONES = ["Europe/Berlin", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kathmandu"]
MOMENT = timedelta(milliseconds=1)


@pytest.mark.parametrize("zone", ZONES)
def test_days_meet_and_hold_only_their_own_moments(zone):
    zone = ZoneInfo(zone)
    lengths = set()
    for day in days_between(date(2025, 12, 1), date(2027, 1, 10)):
        begin, end = day_bounds(day, zone)
        assert day_bounds(day + timedelta(days=1), zone)[0] == end
        assert begin.date() == day
        assert (end.astimezone(UTC) - MOMENT).astimezone(zone).date() == day
        assert (begin.astimezone(UTC) - MOMENT).astimezone(zone).date() < day
        lengths.add((end.astimezone(UTC) - begin.astimezone(UTC)) / timedelta(hours=1))
    assert lengths <= {23.0, 23.5, 24.0, 24.5, 25.0}
    assert len(lengths) == (1 if zone.key == "Asia/Kathmandu" else 3)


@pytest.mark.parametrize("zone", ZONES)
def test_a_moment_comes_back_to_the_millisecond(zone):
    at = datetime(2026, 10, 25, 0, 59, 59, 999_000, tzinfo=UTC)
    assert local(epoch_ms(at), ZoneInfo(zone)).astimezone(UTC) == at
    before = datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
    assert local(-1, ZoneInfo(zone)).astimezone(UTC) == before
