"""How long to wait before the next attempt: a second, doubling to some minutes, never in step."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

FIRST_S: Final = 1.0
LONGEST_S: Final = 300.0
_JITTER: Final = 0.25
"""Of many devices behind one router, not all shall try in the same second."""


class Backoff:
    """The time until which one thing is left alone, on the monotonic clock.

    Parameters
    ----------
    monotonic_s : callable
        The clock.
    longest_s : float
        Longest time from one attempt to the next, give or take the jitter.
    chance : callable
        A number from 0 to 1, for the jitter.
    """

    def __init__(
        self,
        monotonic_s: Callable[[], float],
        *,
        longest_s: float = LONGEST_S,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._monotonic_s = monotonic_s
        self._longest_s = longest_s
        self._chance = chance
        self._wait_s = FIRST_S
        self._until_s: float | None = None

    @property
    def rest_s(self) -> float:
        """Seconds until the next attempt; 0 for now."""
        return 0.0 if self._until_s is None else max(0.0, self._until_s - self._monotonic_s())

    def failed(self) -> None:
        """Wait from now on, twice as long as the last time."""
        jitter = 1 + _JITTER * (2 * self._chance() - 1)
        self._until_s = self._monotonic_s() + self._wait_s * jitter
        self._wait_s = min(2 * self._wait_s, self._longest_s)

    def reset(self) -> None:
        """Try at once, and begin with short waits again."""
        self._until_s = None
        self._wait_s = FIRST_S
