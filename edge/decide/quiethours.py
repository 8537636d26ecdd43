"""Quiet hours: times of the day, in local time, in which nobody is to be called.

What counts is what a clock on the wall shows, so daylight saving needs nothing: an hour that comes
twice is quiet twice, one that is left out is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

_SPAN: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_DAY_MIN: Final = 24 * 60


def quiet_minutes(span: str) -> tuple[int, int]:
    """Return the minutes of the day at which ``"22:00-06:30"`` begins and ends.

    The end does not belong to it; an end before the beginning is on the next day.

    Raises
    ------
    ValueError
        If it is no such text.
    """
    found = _SPAN.fullmatch(span)
    if found is None:
        raise ValueError(f"{span!r} is no time of the day; write it like '22:00-06:30'")
    begin_h, begin_min, end_h, end_min = found.groups()
    begin = 60 * int(begin_h) + int(begin_min)
    end = _DAY_MIN if end_h is None else 60 * int(end_h) + int(end_min)
    if begin == end:
        raise ValueError(f"{span!r} begins when it ends; for the whole day write '00:00-24:00'")
    return begin, end


def quiet_span(spans: Iterable[str], wall: datetime) -> str | None:
    """Return the first of the quiet hours that a local time is in, or None."""
    minute = 60 * wall.hour + wall.minute
    return next((span for span in spans if _is_within(span, minute)), None)


def _is_within(span: str, minute: int) -> bool:
    begin, end = quiet_minutes(span)
    if begin < end:
        return begin <= minute < end
    return minute >= begin or minute < end
