"""Spans and points of time as people type them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MINUTE_S: Final = 60
_SPAN: Final = re.compile(r"(\d{1,9})([smhdw])")


def point_in_time(text: str, *, now: datetime) -> datetime:
    """Return the time that a word stands for.

    Parameters
    ----------
    text : str
        So long ago (``90m``, ``2h``, ``3d``, ``1w``), ``now``, ``today``, ``yesterday``, a date
        (``2026-11-20``, its first moment) or a time (``2026-11-20T22:30``, local without offset).
    now : datetime
        The present, with its offset.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if span := _SPAN.fullmatch(text):
        return _ago(int(span[1]), span[2], text=text, now=now)
    today = now.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    words = {"today": today, "yesterday": today - timedelta(days=1), "now": now}
    point = words.get(text) or _point(text)
    # A day may begin with another offset than now, where the clocks change.
    return point if point.tzinfo else point.astimezone()


def duration_text(duration_s: float) -> str:
    """Return a duration for people: ``4.2 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if round(duration_s, 1) < _MINUTE_S:
        return f"{duration_s:.1f} s"
    minutes, seconds = divmod(round(duration_s), _MINUTE_S)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d} min" if hours else f"{minutes} min {seconds:02d} s"


def _ago(number: int, unit: str, *, text: str, now: datetime) -> datetime:
    try:
        return now - timedelta(**{_UNITS[unit]: number})
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long ago") from error


def _point(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f"{text!r} is no time; expected for example 90m, 2h, 3d, today, 2026-11-20"
            " or 2026-11-20T22:30"
        ) from error
