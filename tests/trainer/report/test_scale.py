"""Axes: round values, and no value off the picture."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.report.scale import fitted_axis, percent_axis, round_step

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("given_values", "texts"),
    [
        ([0.0, 5.0, 20.0], ["0", "5", "10", "15", "20"]),
        ([0.2, 1.0], ["0.2", "0.4", "0.6", "0.8", "1.0"]),
        ([-5.0, 20.0], ["\N{MINUS SIGN}5", "0", "5", "10", "15", "20"]),
        ([1, 100], ["0", "20", "40", "60", "80", "100"]),
        ([3.0], ["3", "4"]),
        ([0.0], ["0.0", "0.2"]),
    ],
)
def test_ticks_are_round(given_values: list[float], texts: list[str]) -> None:
    assert [tick.text for tick in fitted_axis("x", given_values).ticks] == texts


@given(values)
def test_axis_holds_its_values(given_values: list[float]) -> None:
    axis = fitted_axis("x", given_values)
    slack = 1e-6 * (axis.high - axis.low)
    assert axis.low < axis.high
    assert axis.low - slack <= min(given_values)
    assert max(given_values) <= axis.high + slack
    assert all(0.0 <= axis.share(value) <= 1.0 for value in given_values)


@given(values)
def test_axis_has_few_ticks(given_values: list[float]) -> None:
    assert 2 <= len(fitted_axis("x", given_values).ticks) <= 8


@given(st.floats(1e-9, 1e9))
def test_steps_part_a_span_into_few(span: float) -> None:
    assert 1.99 <= span / round_step(span) <= 5.01


def test_axis_from_zero() -> None:
    assert fitted_axis("loss", [2.0, 3.0], from_zero=True).low == 0.0


def test_stray_values_stay_within() -> None:
    axis = percent_axis("UAR, %")
    assert (axis.share(-0.5), axis.share(0.5), axis.share(7.0)) == (0.0, 0.5, 1.0)
