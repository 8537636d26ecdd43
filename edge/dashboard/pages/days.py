"""The hours of a day in the room's zone, also where the clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from edge.record.days import day_bounds


def hours(day: date, zone: tzinfo) -> Iterator[datetime]:
    """Yield the beginning of each hour of a day: 23 to 25 of them."""
    begin, end = (moment.astimezone(UTC) for moment in day_bounds(day, zone))
    while begin < end:
        yield begin.astimezone(zone)
        begin += timedelta(hours=1)


def hour_bounds(day: date, hour: int, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """Return where an hour of a day begins and ends; None where the day does not have it.

    An hour that comes twice is one of two hours' length.
    """
    begins = [begin for begin in hours(day, zone) if begin.hour == hour]
    if not begins:
        return None
    after = begins[-1].astimezone(UTC) + timedelta(hours=1)
    return begins[0], after.astimezone(zone)
