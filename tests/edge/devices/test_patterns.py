"""Patterns are data: told apart, finite where they must be."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.devices import patterns
from edge.devices.patterns import DARK, STEADY, Pattern

steps = st.lists(st.tuples(st.floats(0.01, 5), st.floats(0, 5)), min_size=1, max_size=4).map(tuple)


@pytest.mark.parametrize(
    ("pattern", "is_steady"),
    [
        (DARK, True),
        (STEADY, True),
        (Pattern(steps=((1.0, 0.0),), n_repeats=3), False),
        (patterns.DEAF, False),
        (patterns.SPEAKING, False),
    ],
)
def test_what_never_changes_is_steady(pattern: Pattern, is_steady: bool) -> None:
    assert pattern.is_steady is is_steady


def test_what_must_be_told_apart_differs() -> None:
    shown = (
        DARK,
        patterns.LISTENING,
        patterns.SPEAKING,
        patterns.STARTING,
        patterns.DEAF,
        patterns.ALARM,
    )
    assert len(set(shown)) == len(shown)


def test_a_timeline_repeats_its_steps() -> None:
    twice = Pattern(steps=((1, 2), (3, 4)), n_repeats=2)
    assert list(twice.timeline()) == [(1, 2), (3, 4), (1, 2), (3, 4)]
    assert list(islice(patterns.DEAF.timeline(), 5)) == [*patterns.DEAF.steps * 2, (0.15, 0.2)]
    assert list(DARK.timeline()) == []


@given(steps=steps, n_repeats=st.none() | st.integers(1, 9), limit_s=st.floats(0, 600))
def test_a_limit_holds(
    steps: tuple[tuple[float, float], ...], n_repeats: int | None, limit_s: float
) -> None:
    pattern = Pattern(steps=steps, n_repeats=n_repeats).limited_to(limit_s)
    assert pattern.n_repeats is not None
    assert pattern.n_repeats == 1 or pattern.n_repeats * pattern.period_s <= limit_s * (1 + 1e-9)


def test_a_minute_of_beeping_is_thirty_rounds() -> None:
    assert patterns.ALARM_BEEP.limited_to(60).n_repeats == 30
