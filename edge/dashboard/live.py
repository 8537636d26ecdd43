"""What the ears say now: one watcher for all who look, and a stream of events for each of them."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from edge.contract import tables
from edge.errors import BusyError
from edge.service.status import Status

N_STREAMS: Final = 12
"""Streams at once: each takes a thread of the server."""
HEARTBEAT_S: Final = 15.0
"""Longest time without a line on a stream; proxies end what is silent for long."""
LINGER_S: Final = 30.0
"""The ears are watched so long after somebody looked last."""

_LEAST_PAUSE_S: Final = 0.25
"""From one change that is not urgent, of the level for example, to the next that is sent."""
_FIRST_WORD_S: Final = 1.0

_log = logging.getLogger(__name__)


class Watchable(Protocol):
    """The ears, as far as they can be watched."""

    def watch(self, stop: threading.Event) -> Iterator[Status | None]:
        """Yield each status, and None while nobody listens."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What was last said; the status is None while nobody listens."""

    status: Status | None

    @property
    def urgent(self) -> tuple[object, ...]:
        """What is sent at once when it changes."""
        now = self.status
        if now is None:
            return (None,)
        return (now.health, now.state, now.alarms, now.snoozed_until, now.newest_message)

    def is_older_than(self, other: Report | None) -> bool:
        """Return whether it was said before another that has overtaken it."""
        if other is None or self.status is None or other.status is None:
            return False
        same = self.status.pid == other.status.pid
        return same and self.status.updated_monotonic_s < other.status.updated_monotonic_s

    @property
    def event(self) -> bytes:
        """The report as an event of a stream."""
        if self.status is None:
            return b"event: away\ndata: {}\n\n"
        return b"data: " + json.dumps(tables.to_table(self.status)).encode() + b"\n\n"


class Live:
    """See the module's text. The ears are watched while somebody looks, and a little longer.

    Parameters
    ----------
    ears : Watchable
    n_streams : int
        Streams that may be open at once.
    heartbeat_s, linger_s : float
    """

    def __init__(
        self,
        ears: Watchable,
        *,
        n_streams: int = N_STREAMS,
        heartbeat_s: float = HEARTBEAT_S,
        linger_s: float = LINGER_S,
    ) -> None:
        self._ears = ears
        self._n_free = n_streams
        self._heartbeat_s = heartbeat_s
        self._linger_s = linger_s
        self._changed = threading.Condition()
        self._stop: threading.Event | None = None
        self._is_closed = False
        self._looked_s = 0.0
        self._newest: Report | None = None
        self._sent = (0, Report(None), 0.0)
        self._event = (0, b"")

    def status(self, *, wait_s: float = _FIRST_WORD_S) -> Status | None:
        """Return what the ears say; None where nobody listens.

        Parameters
        ----------
        wait_s : float
            Longest time to wait for the first word, where nobody has looked for long.
        """
        with self._changed:
            self._look()
            self._changed.wait_for(lambda: self._newest or self._is_closed, wait_s)
            return self._newest.status if self._newest else None

    def enter(self) -> None:
        """Take a place for a stream; `leave` must follow.

        Raises
        ------
        BusyError
            If there is none left.
        """
        with self._changed:
            if not self._n_free or self._is_closed:
                raise BusyError("too many pages look on at once; close one, or try again later")
            self._n_free -= 1

    def leave(self) -> None:
        """Give a place back."""
        with self._changed:
            self._n_free += 1

    def events(self, *, is_welcome: Callable[[], bool]) -> Iterator[bytes]:
        """Yield the events of one stream until the server stops, or the visitor's session ends.

        Parameters
        ----------
        is_welcome : callable
            Asked now and then whether the visitor may still look.
        """
        yield b"retry: 2000\n\n"
        seen, asked_s = 0, time.monotonic()
        while True:
            seen, event = self._next(seen)
            if self._is_closed:
                return
            if time.monotonic() - asked_s >= self._heartbeat_s:
                asked_s = time.monotonic()
                if not is_welcome():
                    return
            yield event or b": still here\n\n"

    def close(self) -> None:
        """End every stream and stop watching; idempotent."""
        with self._changed:
            self._is_closed = True
            if self._stop:
                self._stop.set()
            self._changed.notify_all()

    def _next(self, seen: int) -> tuple[int, bytes]:
        """Return the next event that was not seen; an empty one when it is time for a heartbeat."""
        with self._changed:
            self._look()
            is_new = self._changed.wait_for(
                lambda: self._sent[0] != seen or self._is_closed, self._heartbeat_s
            )
            number, report, _ = self._sent
            if not is_new:
                return seen, b""
            if self._event[0] != number:
                self._event = (number, report.event)  # made once for all streams
            return self._event

    def _look(self) -> None:
        """Note that somebody looks, and have the ears watched."""
        self._looked_s = time.monotonic()
        if self._stop is None and not self._is_closed:
            self._stop = threading.Event()
            self._newest = None
            threading.Thread(
                target=self._watch, args=(self._stop,), name="live", daemon=True
            ).start()

    def _watch(self, stop: threading.Event) -> None:
        try:
            for status in self._ears.watch(stop):
                if self._hear(Report(status)):
                    break
        except Exception:  # noqa: BLE001 - it is logged, and the next who looks tries again
            _log.exception("the ears cannot be watched")
        finally:
            stop.set()
            self._give_up()

    def hear(self, status: Status) -> None:
        """Take what somebody else has just heard from the ears."""
        with self._changed:
            self._take(Report(status), time.monotonic())

    def _hear(self, report: Report) -> bool:
        """Take a report; return whether nobody wants another."""
        now_s = time.monotonic()
        with self._changed:
            self._take(report, now_s)
            if now_s - self._looked_s < self._linger_s:
                return False
            self._stop = None
            return True

    def _take(self, report: Report, now_s: float) -> None:
        if not report.is_older_than(self._newest):
            self._newest = report
            number, before, sent_s = self._sent
            is_late = report.status is not None and now_s - sent_s >= _LEAST_PAUSE_S
            if not number or report.urgent != before.urgent or is_late:
                self._sent = (number + 1, report, now_s)
        self._changed.notify_all()

    def _give_up(self) -> None:
        with self._changed:
            if self._stop is None or self._stop.is_set():
                self._stop = None
                self._newest = Report(None)
                self._changed.notify_all()
