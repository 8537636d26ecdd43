"""Patterns are data: told apart, finite where they must be."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decide.outcomes import Buzzer, Light
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
        patterns.MUTED,
        *(light for light in patterns.ALARM_LIGHTS.values() if light),
    )
    assert len(set(shown)) == len(shown)


def test_every_name_of_the_settings_has_its_pattern() -> None:
    assert set(patterns.ALARM_LIGHTS) == set(get_args(Light))
    assert set(patterns.ALARM_SOUNDS) == set(get_args(Buzzer))
    assert [name for name, light in patterns.ALARM_LIGHTS.items() if light is None] == ["none"]
    assert [name for name, sound in patterns.ALARM_SOUNDS.items() if sound == DARK] == ["none"]


def test_each_buzzer_sounds_at_least_twice_as_much_as_the_one_before() -> None:
    shares = [
        sum(on_s for on_s, _ in sound.steps) / (sound.period_s or 1.0)
        for sound in (patterns.ALARM_SOUNDS[name] for name in get_args(Buzzer))
    ]
    assert all(2 * quieter <= louder for quieter, louder in pairwise(shares))
    assert shares[-1] > 0.5


def test_muted_is_one_short_blink_in_four_seconds() -> None:
    assert len(patterns.MUTED.steps) == 1
    assert patterns.MUTED.period_s == pytest.approx(4.0)
    assert patterns.MUTED.steps[0][0] <= 0.2


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
    assert patterns.ALARM_SOUNDS["beeps"].limited_to(60).n_repeats == 30
