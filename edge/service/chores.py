"""What takes too long for the loop: done one after the other, beside it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

Result = TypeVar("Result")

LIMIT_S: Final = 60.0
"""A chore that takes longer hangs; it is left behind."""


@dataclass(kw_only=True, slots=True)
class Chore(Generic[Result]):
    """Work for another thread, and what the loop does with its outcome."""

    work: Callable[[], Result]
    done: Callable[[Result], None]
    failed: Callable[[Exception], None]
    """Also called with a `TimeoutError`."""
    _outcome: list[Result | Exception] = field(default_factory=list)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin the work."""
        self._thread = threading.Thread(target=self._attempt, name="chore", daemon=True)
        self._thread.start()

    def has_ended(self) -> bool:
        """Return whether there is an outcome."""
        return bool(self._outcome)

    def conclude(self) -> None:
        """Hand the outcome over."""
        outcome = self._outcome[0]
        if isinstance(outcome, Exception):
            self.failed(outcome)
        else:
            self.done(outcome)

    def _attempt(self) -> None:
        try:
            self._outcome.append(self.work())
        except Exception as error:  # noqa: BLE001 - it is handed over
            self._outcome.append(error)


class Chores:
    """A queue of chores. Everything but their work happens in the thread that calls `look`."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, limit_s: float = LIMIT_S
    ) -> None:
        self._waiting: deque[Chore] = deque()  # type: ignore[type-arg]
        self._current: Chore | None = None  # type: ignore[type-arg]
        self._clock = clock
        self._limit_s = limit_s
        self._began_s = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being done, and nothing waits."""
        return self._current is None and not self._waiting

    def add(self, chore: Chore[Result]) -> None:
        """Let a chore be done after those that wait."""
        self._waiting.append(chore)

    def look(self) -> None:
        """Conclude the chore that has ended, begin the next; returns at once."""
        chore = self._current
        if chore is None:
            if self._waiting:
                self._begin(self._waiting.popleft())
        elif chore.has_ended():
            self._current = None
            chore.conclude()
        elif self._clock() - self._began_s > self._limit_s:
            self._current = None
            chore.failed(TimeoutError(f"it took longer than {self._limit_s:g} s"))

    def finish(self, *, limit_s: float) -> None:
        """Do everything that is left, for the end of the program; at most for so long."""
        end_s = self._clock() + limit_s
        while not self.is_idle and self._clock() < end_s:
            self.look()
            time.sleep(0.005)

    def _begin(self, chore: Chore) -> None:  # type: ignore[type-arg]
        self._current, self._began_s = chore, self._clock()
        chore.start()
