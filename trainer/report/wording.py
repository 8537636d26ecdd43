"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
NOTHING = "\N{EN DASH}"
"""Stands where a figure is not known."""


def percent(share: float | None, n_digits: int = 1) -> str:
    """Return a share of 0 to 1 in percent."""
    return NOTHING if share is None else f"{100 * share:.{n_digits}f}{NARROW_SPACE}%"


def bare(share: float | None) -> str:
    """Return a share of 0 to 1 in percent, for a column whose head has the unit."""
    return NOTHING if share is None else _fixed(100 * share, "z.1f")


def points(difference: float | None) -> str:
    """Return a difference of two shares in percentage points, with its sign."""
    if difference is None:
        return NOTHING
    text = _fixed(100 * difference, "+z.1f")
    return "0.0" if text == "+0.0" else text


def interval(ends: Sequence[float] | None, unit: str = "%") -> str:
    """Return the ends of an interval of shares in percent, or in points."""
    if ends is None:
        return NOTHING
    low, high = (points(end) if unit == "points" else f"{100 * end:.1f}" for end in ends)
    return f"{low} to {high}" + (f"{NARROW_SPACE}%" if unit == "%" else "")


def decimals(value: float | None, n_digits: int = 3) -> str:
    """Return a number with a fixed count of digits after the point."""
    return NOTHING if value is None else _fixed(value, f"z.{n_digits}f")


def size(n_bytes: int) -> str:
    """Return the size of a file: 103.3 kB."""
    return f"{n_bytes / 1000:.1f}{NARROW_SPACE}kB"


def count(number: int) -> str:
    """Return a count with its thousands parted."""
    return f"{number:,}".replace(",", NARROW_SPACE)


def of_hundred(share: float) -> str:
    """Return a share as a count of 100."""
    return f"{math.floor(100 * share + 0.5)} of 100"


def disturbance(point: dict[str, Any]) -> str:
    """Name a condition of the robustness curves."""
    match point["kind"]:
        case "snr":
            return f"noise, SNR {point['value']:g} dB"
        case "t60":
            return f"echo, T60 {point['value']:g} s"
        case _:
            return "clean"


def day(created_utc: str) -> str:
    """Return the day and the minute of a time in RFC 3339; another text as it is."""
    try:
        moment = datetime.fromisoformat(created_utc)
    except ValueError:
        return created_utc
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def flat(table: dict[str, Any], *, prefix: str = "") -> list[tuple[str, str]]:
    """Return a nested table as pairs of a dotted key and a value, in its order."""
    pairs: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            pairs += flat(value, prefix=f"{name}.")
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            for number, item in enumerate(value, start=1):
                pairs += flat(item, prefix=f"{name}.{number}.")
        else:
            pairs.append((name, _written(value)))
    return pairs


def _fixed(value: float, layout: str) -> str:
    """Format with a real minus sign; the ``z`` of the layouts turns a negative nothing into 0."""
    return format(value, layout).replace("-", "\N{MINUS SIGN}")


def _written(value: object) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
