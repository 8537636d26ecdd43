"""What a plot shows, in values; `templates/plots.html` draws it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from trainer.report.scale import Axis

Point = tuple[float, float]

MOST_MARKERS = 30
"""A line of more points has no marker at each."""
_DOT_WIDTH = 0.024
"""Share of the axis that a dot takes: dots that lie closer are piled up, so that none is hidden."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """Points that belong together; a line joins them."""

    name: str
    points: tuple[Point, ...]
    weights: tuple[float, ...] = ()
    """Size of each point's dot, 0 to 1 by area; without it all are alike."""

    @property
    def has_markers(self) -> bool:
        """Whether each point is marked."""
        return len(self.points) <= MOST_MARKERS


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """A value of the upright axis to compare with, drawn across."""

    name: str
    value: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LinePlot:
    """Quantities over another."""

    name: str
    """Unique on the page, fit for an id."""
    title: str
    told: str
    """What it shows, in words, for those who cannot see it."""
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    levels: tuple[Level, ...] = ()
    diagonal: str = ""
    """Name of the line on which both quantities are equal; empty for none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dot:
    """One value in a row, as high as the pile that it lies on."""

    name: str
    value: float
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """The values of one group, and their mean."""

    name: str
    dots: tuple[Dot, ...]

    @property
    def mean(self) -> float:
        """Mean of the values."""
        return sum(dot.value for dot in self.dots) / len(self.dots)

    @property
    def n_high(self) -> int:
        """Dots in the highest pile."""
        return 1 + max(dot.height for dot in self.dots)


@dataclass(frozen=True, kw_only=True, slots=True)
class StripPlot:
    """Each value as a dot, one row a group."""

    name: str
    title: str
    told: str
    each: str
    """What one dot is: ``"person"``."""
    x: Axis
    rows: tuple[Row, ...]
    levels: tuple[Level, ...] = ()


def row(name: str, values: Iterable[tuple[str, float]], *, axis: Axis) -> Row:
    """Return a row of named values; values that lie close are piled up."""
    ordered = sorted(values, key=lambda item: (item[1], item[0]))
    return Row(name=name, dots=tuple(_piled(ordered, axis)))


def _piled(ordered: Sequence[tuple[str, float]], axis: Axis) -> Iterator[Dot]:
    ends: list[float] = []
    for name, value in ordered:
        place = axis.share(value)
        free = (i for i, end in enumerate(ends) if place - end >= _DOT_WIDTH)
        height = next(free, len(ends))
        ends[height : height + 1] = [place]
        yield Dot(name=name, value=value, height=height)
