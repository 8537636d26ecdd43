from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.notify.backoff import LONGEST_S, Backoff


class Time:
    now_s = 0.0

    def __call__(self):
        return self.now_s


def waits(chance: float, n: int) -> list[float]:
    time = Time()
    backoff = Backoff(time, chance=lambda: chance)
    seen = []
    for _ in range(n):
        backoff.failed()
        seen.append(backoff.rest_s)
        time.now_s += backoff.rest_s
    assert backoff.rest_s == 0
    return seen


def test_the_waits_double_up_to_five_minutes():
    assert waits(0.5, 11) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@given(st.floats(0, 1))
def test_chance_moves_a_wait_by_a_quarter_at_most(chance):
    for wait_s, middle_s in zip(waits(chance, 12), waits(0.5, 12), strict=True):
        assert 0.75 * middle_s <= wait_s <= 1.25 * middle_s
        assert wait_s <= 1.25 * LONGEST_S


def test_a_success_ends_the_wait_and_begins_with_short_ones():
    time = Time()
    backoff = Backoff(time, chance=lambda: 0.5)
    for _ in range(9):
        backoff.failed()
    backoff.reset()

    assert backoff.rest_s == 0
    backoff.failed()
    assert backoff.rest_s == 1
