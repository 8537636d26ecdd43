"""Axes: from a value to its place in a picture, and the round values that are written beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_MOST_STEPS = 5
_LEAST_SPAN = 1e-6
"""Of the values: what differs by less is drawn as if it were the same."""
_PERCENT_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A value that is named on an axis."""

    value: float
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """What one direction of a plot means."""

    label: str
    """The quantity with its unit."""
    low: float
    high: float
    ticks: tuple[Tick, ...]

    def share(self, value: float) -> float:
        """Return where a value lies, from 0 at `low` to 1 at `high`; a value outside, at the end.

        Without this a stray value would be drawn over its neighbours.
        """
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def percent_axis(label: str) -> Axis:
    """Return an axis of shares from 0 to 100 %."""
    ticks = tuple(Tick(value=value, text=f"{100 * value:.0f}") for value in _PERCENT_TICKS)
    return Axis(label=label, low=0.0, high=1.0, ticks=ticks)


def fitted_axis(label: str, values: Iterable[float], *, from_zero: bool = False) -> Axis:
    """Return an axis that holds all values between round ends.

    Parameters
    ----------
    label : str
    values : iterable of float
        At least one.
    from_zero : bool
        Whether the axis holds 0 too.
    """
    known = [*values, *([0.0] if from_zero else [])]
    low, high = min(known), max(known)
    span = (high - low) or abs(high) or 1.0
    step = round_step(max(span, _LEAST_SPAN * max(abs(low), abs(high), 1.0)))
    ends = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
    ticks = tuple(Tick(value=value, text=_text(value, step)) for value in _multiples(step, *ends))
    return Axis(label=label, low=ends[0] * step, high=ends[1] * step, ticks=ticks)


def round_step(span: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20 and so on that parts a span into at most 5 steps."""
    power = 10.0 ** math.floor(math.log10(span / _MOST_STEPS))
    candidates = (power * factor for factor in (1, 2, 5, 10))
    return next(step for step in candidates if span / step <= _MOST_STEPS * (1 + 1e-9))


def _multiples(step: float, first: int, last: int) -> Iterator[float]:
    return (index * step for index in range(first, last + 1))


def _text(value: float, step: float) -> str:
    n_digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:.{n_digits}f}".replace("-", "\N{MINUS SIGN}")
