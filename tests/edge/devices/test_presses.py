"""What a button was pressed for: tables, and whatever hands and bad contacts may do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.devices.presses import USUAL_TIMING, Press, PressClassifier, PressTiming

Change = tuple[float, bool]
"""When the contact changes, and whether it is closed from then on."""
BOUNCE_S, GAP_S, HOLD_S = USUAL_TIMING.bounce_s, USUAL_TIMING.double_gap_s, USUAL_TIMING.hold_s


def told(
    changes: Sequence[Change],
    *,
    until_s: float = 1000.0,
    looks: Iterable[float] = (),
    is_down: bool = False,
) -> list[tuple[float, Press]]:
    """Return what a button's owner hears, and when, who looks when he must and at `looks`."""
    presses = PressClassifier(is_down=is_down)
    heard: list[tuple[float, Press]] = []
    moments = sorted([*((at_s, None) for at_s in looks), *changes, (until_s, None)], key=_time)
    for at_s, change in moments:
        while presses.due_s is not None and presses.due_s <= at_s:
            due_s = presses.due_s
            heard += [(due_s, press) for press in presses.look(due_s, is_down=is_down)]
        if change is None:
            heard += [(at_s, press) for press in presses.look(at_s, is_down=is_down)]
        else:
            is_down = change
            heard += [(at_s, press) for press in presses.change(at_s, is_down=is_down)]
    return heard


def _time(moment: tuple[float, object]) -> float:
    return moment[0]


def kinds(changes: Sequence[Change], **more: object) -> list[Press]:
    return [press for _, press in told(changes, **more)]


def pressed(*durations_s: float) -> list[Change]:
    """Return a contact that is closed at 1 s and then changes after each duration."""
    times = accumulate(durations_s, initial=1.0)
    return [(at_s, i % 2 == 0) for i, at_s in enumerate(times)]


@pytest.mark.parametrize(
    ("durations_s", "expected"),
    [
        ((0.1,), ["short"]),
        ((0.04,), ["short"]),
        ((0.02,), []),  # a disturbance on the cable
        ((1.99,), ["short"]),
        ((2.01,), ["long"]),
        ((60.0,), ["long"]),
        ((0.1, 0.2, 0.1), ["double"]),
        ((0.1, 0.39, 0.1), ["double"]),
        ((0.1, 0.41, 0.1), ["short", "short"]),
        ((1.5, 0.2, 1.5), ["double"]),
        ((0.1, 0.2, 2.5), ["short", "long"]),
        ((0.1, 0.2, 0.1, 0.2, 2.5), ["double", "long"]),
        ((2.5, 0.2, 0.1), ["long", "short"]),
        ((2.5, 0.2, 0.1, 0.2, 0.1), ["long", "double"]),
        ((2.5, 0.2, 2.5), ["long", "long"]),
        ((0.1, 0.2) * 9 + (0.1,), ["double"]),  # who hammers on it
        ((0.1, 0.01, 0.1), ["short"]),  # opened for a moment by a bad contact
        ((1.5, 0.01, 1.5), ["long"]),
        ((0.1, 1.0, 0.1, 1.0, 3.0), ["short", "short", "long"]),
    ],
)
def test_what_it_was_pressed_for(durations_s: tuple[float, ...], expected: list[Press]) -> None:
    assert kinds(pressed(*durations_s)) == expected


@pytest.mark.parametrize(
    ("durations_s", "expected"),
    [
        ((0.1,), [(1.1 + GAP_S, "short")]),
        ((5.0,), [(1.0 + HOLD_S, "long")]),
        ((0.1, 0.2, 0.1), [(1.4 + GAP_S, "double")]),
        ((0.1, 0.2, 5.0), [(1.3 + HOLD_S, "short"), (1.3 + HOLD_S, "long")]),
    ],
)
def test_it_is_told_as_soon_as_it_is_known(
    durations_s: tuple[float, ...], expected: list[tuple[float, Press]]
) -> None:
    heard = told(pressed(*durations_s))
    assert [press for _, press in heard] == [press for _, press in expected]
    assert [at_s for at_s, _ in heard] == pytest.approx([at_s for at_s, _ in expected])


def test_nothing_is_due_while_nobody_touches_it() -> None:
    presses = PressClassifier()
    assert presses.due_s is None
    presses.change(1.0, is_down=True)
    presses.change(1.1, is_down=False)
    assert presses.look(2.0, is_down=False) == ["short"]
    assert presses.due_s is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], []),
        ([(50.0, False)], []),
        ([(0.1, False), (1.0, True), (1.1, False)], ["short"]),
        ([(3.0, False), (3.1, True), (9.0, False)], ["long"]),
    ],
)
def test_a_button_that_is_stuck_from_the_beginning_means_nothing(
    changes: list[Change], expected: list[Press]
) -> None:
    assert kinds(changes, is_down=True) == expected


def test_a_release_that_nobody_told_of_makes_no_long_press() -> None:
    presses = PressClassifier()
    presses.change(1.0, is_down=True)
    presses.look(1.0 + BOUNCE_S, is_down=True)
    assert presses.look(1.0 + HOLD_S, is_down=False) == ["short"]
    assert presses.due_s is None


def test_a_press_that_nobody_told_of_counts_from_when_it_is_seen() -> None:
    presses = PressClassifier()
    presses.change(1.0, is_down=True)
    presses.change(1.1, is_down=False)
    assert presses.look(1.4, is_down=True) == []
    assert presses.look(1.4 + HOLD_S, is_down=True) == ["short", "long"]


def test_a_clock_that_goes_back_is_taken_for_one_that_stands() -> None:
    presses = PressClassifier()
    presses.change(10.0, is_down=True)
    presses.change(1.0, is_down=True)
    assert presses.due_s == 10.0 + BOUNCE_S
    assert presses.look(12.5, is_down=True) == ["long"]


def test_other_times_for_other_hands() -> None:
    slow = PressClassifier(PressTiming(bounce_s=0.1, double_gap_s=1.0, hold_s=5.0))
    for at_s, is_down in pressed(3.0, 0.9, 3.0):
        assert slow.change(at_s, is_down=is_down) == []
    assert slow.look(20.0, is_down=False) == ["double"]


_click_s = st.floats(0.06, HOLD_S - 0.1)
_within_s = st.floats(0.06, GAP_S - 0.05)
_hold_s = st.floats(HOLD_S + 0.1, 30)
_gesture = st.one_of(
    st.tuples(st.just(["short"]), _click_s.map(lambda click_s: [click_s])),
    st.tuples(
        st.just(["double"]),
        st.lists(st.tuples(_click_s, _within_s), min_size=1, max_size=4).flatmap(
            lambda pairs: _click_s.map(
                lambda last_s: [*(s for pair in pairs for s in pair), last_s]
            )
        ),
    ),
    st.tuples(st.just(["long"]), _hold_s.map(lambda hold_s: [hold_s])),
    st.tuples(st.just(["short", "long"]), st.tuples(_click_s, _within_s, _hold_s).map(list)),
)
"""What somebody means, and how long the contact is closed, open, closed ... for it."""
_pause_s = st.floats(GAP_S + 0.1, 60)
_bounces = st.lists(st.floats(0.0001, 0.004), max_size=5)
"""Moments for which a contact that has just changed changes back, and again."""


@given(
    gestures=st.lists(st.tuples(_gesture, _pause_s), max_size=8),
    bounces=st.lists(_bounces, min_size=80, max_size=80),
    looks=st.lists(st.floats(0, 500), max_size=30),
)
def test_whatever_is_meant_is_understood_through_bouncing_and_any_looks(
    gestures: list[tuple[tuple[list[Press], list[float]], float]],
    bounces: list[list[float]],
    looks: list[float],
) -> None:
    expected = [press for (meant, _), _ in gestures for press in meant]
    durations_s = [s for (_, closed_s), pause_s in gestures for s in (*closed_s, pause_s)]
    clean = pressed(*durations_s)[:-1]
    bounced = [
        change for one, more in zip(clean, bounces, strict=False) for change in _shaky(one, more)
    ]
    heard = told(bounced, until_s=math.inf, looks=looks)
    assert [press for _, press in heard] == expected


def _shaky(change: Change, bounces_s: list[float]) -> list[Change]:
    """Return a change that takes some turns until it stays."""
    at_s, is_down = change
    times = accumulate([*bounces_s, *bounces_s], initial=at_s)
    return [(time_s, is_down == (i % 2 == 0)) for i, time_s in enumerate(times)]


@given(
    times=st.lists(st.floats(0, 100), max_size=60),
    levels=st.lists(st.booleans(), min_size=60, max_size=60),
    is_down=st.booleans(),
)
def test_no_contact_however_bad_is_pressed_more_often_than_its_time_allows(
    times: list[float], levels: list[bool], is_down: bool
) -> None:
    changes = list(zip(sorted(times), levels, strict=False))
    heard = told(changes, until_s=200.0, is_down=is_down)
    longest = [at_s for at_s, press in heard if press == "long"]
    assert all(later - earlier >= HOLD_S for earlier, later in pairwise(longest))
    assert len(heard) <= 1 + len(changes)
    assert not kinds([], until_s=math.inf, is_down=is_down)
