"""Who is told what happens: the protocol, and the wall that keeps their failures apart."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

from edge.decide.outcomes import Signal
from edge.service.happenings import Happening

RETRY_S: Final = 10.0
REPEAT_S: Final = 600.0
MEND_S: Final = 90.0
"""A failure counts as mended after so long without another; the log is written each minute."""

_log = logging.getLogger(__name__)


class Listener(Protocol):
    """Acts on what happens: a panel, a log, a terminal."""

    def take(self, outcome: Happening, *, state: str) -> None:
        """Act on what has happened; ``state`` is the decided state after it."""

    def show(self, signal: Signal) -> None:
        """Show how things are now; called several times a second."""

    def close(self) -> None:
        """Leave everything off and written."""


class Guarded:
    """Keep a listener's failure from the ears and from the other listeners.

    The same failure is logged once in `REPEAT_S`, not each time. A listener that cannot even be
    made is tried again, once in `RETRY_S`.

    Parameters
    ----------
    make : callable
        Makes the listener.
    name : str
        What it is called in the log.
    """

    def __init__(self, make: Callable[[], Listener], *, name: str) -> None:
        self._make = make
        self._listener: Listener | None = None
        self._retry_at_s = 0.0
        self._silent_until_s = 0.0
        self._failure: str | None = None
        self._failed_at_s = 0.0
        self._name = name

    def failure(self) -> str | None:
        """Return what is wrong with the listener now, as a sentence; None if nothing is."""
        is_old = time.monotonic() - self._failed_at_s >= MEND_S
        return None if self._failure is None or is_old else f"the {self._name}: {self._failure}"

    def renew(self) -> None:
        """Close the listener; it is made anew at once, perhaps from other settings."""
        self.close()
        self._listener, self._failure, self._retry_at_s = None, None, 0.0

    def take(self, outcome: Happening, *, state: str) -> None:
        """Pass on what has happened."""
        self._attempt(lambda listener: listener.take(outcome, state=state))

    def show(self, signal: Signal) -> None:
        """Pass a signal on."""
        self._attempt(lambda listener: listener.show(signal))

    def close(self) -> None:
        """Close the listener, if there is one."""
        if self._listener is not None:
            self._attempt(lambda listener: listener.close())

    def _attempt(self, action: Callable[[Listener], None]) -> None:
        try:
            listener = self._made()
            if listener is not None:
                action(listener)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must go on
            self._complain(str(error) or type(error).__name__)

    def _complain(self, failure: str) -> None:
        now_s = time.monotonic()
        if failure != self._failure or now_s >= self._silent_until_s:
            _log.error("the %s has failed, listening goes on: %s", self._name, failure)
            self._silent_until_s = now_s + REPEAT_S
        self._failure, self._failed_at_s = failure, now_s

    def _made(self) -> Listener | None:
        now_s = time.monotonic()
        if self._listener is None and now_s >= self._retry_at_s:
            self._retry_at_s = now_s + RETRY_S
            self._listener = self._make()
        return self._listener
