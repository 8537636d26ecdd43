"""Rows of dots: none hides another, all are there."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trainer.report.plots import MOST_MARKERS, Series, row
from trainer.report.scale import percent_axis

AXIS = percent_axis("UAR, %")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_dots_of_a_row_do_not_touch(values: list[float]) -> None:
    found = row("all", [(str(i), value) for i, value in enumerate(values)], axis=AXIS)
    assert sorted(dot.value for dot in found.dots) == sorted(values)
    for height in range(found.n_high):
        on_it = [dot.value for dot in found.dots if dot.height == height]
        assert on_it
        assert all(b - a >= 0.0239 for a, b in pairwise(on_it))


def test_mean_of_a_row() -> None:
    assert row("all", [("a", 0.25), ("b", 0.75)], axis=AXIS).mean == 0.5


def test_long_lines_have_no_markers() -> None:
    points = tuple((float(i), 0.5) for i in range(MOST_MARKERS + 1))
    assert not Series(name="loss", points=points).has_markers
    assert Series(name="loss", points=points[:-1]).has_markers
