"""Slows down whoever guesses passwords, by address and by name; forgotten with the process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

N_FREE: Final = 5
"""Failures that cost nothing: people mistype."""
FIRST_WAIT_S: Final = 2.0
LONGEST_WAIT_S: Final = 300.0
FORGOTTEN_AFTER_S: Final = 3600.0
_N_MOST: Final = 2000
"""Names and addresses that are remembered at once; the longest unused go first."""


@dataclass(slots=True)
class _Failures:
    n: int
    last_s: float


class Brake:
    """See the module's text.

    Parameters
    ----------
    monotonic_s : callable
        The clock.
    """

    def __init__(self, *, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def wait_s(self, *, address: str, name: str) -> float:
        """Return the seconds until the next try counts; 0 where it counts now."""
        with self._lock:
            return max(self._wait_s(key) for key in _keys(address, name))

    def failed(self, *, address: str, name: str) -> None:
        """Note a wrong password."""
        now_s = self._monotonic_s()
        with self._lock:
            for key in _keys(address, name):
                known = self._known(key)
                self._failures[key] = _Failures(n=known.n + 1 if known else 1, last_s=now_s)
                self._failures.move_to_end(key)
            while len(self._failures) > _N_MOST:
                self._failures.popitem(last=False)

    def succeeded(self, *, address: str, name: str) -> None:
        """Forget the failures of somebody who knew the password."""
        with self._lock:
            for key in _keys(address, name):
                self._failures.pop(key, None)

    def _wait_s(self, key: tuple[str, str]) -> float:
        known = self._known(key)
        if known is None or known.n < N_FREE:
            return 0.0
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(known.n - N_FREE, 30))
        return max(0.0, known.last_s + wait_s - self._monotonic_s())

    def _known(self, key: tuple[str, str]) -> _Failures | None:
        known = self._failures.get(key)
        if known and self._monotonic_s() - known.last_s > FORGOTTEN_AFTER_S:
            del self._failures[key]
            return None
        return known


def _keys(address: str, name: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("address", address), ("name", name.casefold()[:100])
