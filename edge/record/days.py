"""Local days: they have 23 or 25 hours where the clocks are changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return the first moment of a local day."""
    return datetime.combine(day, time(), zone).astimezone(UTC).astimezone(zone)


def day_bounds(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the first moment of a local day, and that of the next."""
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def days_between(first: date, after: date) -> Iterator[date]:
    """Yield the days from the first on; `after` is left out."""
    for n in range((after - first).days):
        yield first + timedelta(days=n)


def local(at_ms: int, zone: tzinfo) -> datetime:
    """Return milliseconds since 1970 as a local time."""
    return datetime.fromtimestamp(at_ms // 1000, zone).replace(microsecond=at_ms % 1000 * 1000)
