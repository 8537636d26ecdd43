"""Empties one channel's part of the outbox, at its own pace, for as long as it takes.

Delivered at least once: what a channel has confirmed is marked, and never sent to it again. Only
where the program or the power dies between the two is a message sent a second time, and its UUID
tells.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from math import inf
from typing import Final, Protocol

from edge.errors import DeliveryError, RecordError
from edge.notify.backoff import Backoff
from edge.notify.channels import Channel
from edge.notify.complaint import Complaint
from edge.record.outbox import Stored

_RECORD_RETRY_S: Final = 2.0


class Box(Protocol):
    """What is needed of an `Outbox`."""

    def due(self, channel: str) -> list[Stored]:
        """Return what a channel has not confirmed, oldest first."""
        ...

    def attempted(self, message: str) -> None:
        """Note that somebody tried."""
        ...

    def confirm(self, message: str) -> None:
        """Note that the channel has it."""
        ...

    def fail(self, message: str, why: str) -> None:
        """Note why it has not."""
        ...

    def close(self) -> None:
        """Give the file back."""
        ...


class Courier:
    """Delivers to one channel; each `turn` does what is due now.

    A message that has just come is tried at once. Where one fails, the newest one is tried too: if
    that works, the first alone is left alone for a while, or else the channel as a whole is. So
    neither a message that nobody can digest nor a backlog holds up a new alarm.

    Parameters
    ----------
    channel : Channel
    outbox : Box
        Of this courier alone.
    monotonic_s : callable
        The clock.
    complaint : Complaint, optional
        Where what does not work is said, if somebody else speaks of the same.
    """

    def __init__(
        self,
        channel: Channel,
        outbox: Box,
        *,
        monotonic_s: Callable[[], float],
        complaint: Complaint | None = None,
    ) -> None:
        self._channel = channel
        self._outbox = outbox
        self._monotonic_s = monotonic_s
        self._backoff = Backoff(monotonic_s)
        self._held: dict[str, Backoff] = {}
        self._failures: dict[str, str] = {}
        self._seen: set[str] = set()
        self._unmarked: set[str] = set()
        self._is_hurried = threading.Event()
        self._is_ending = threading.Event()
        self._record = Complaint(f"{channel.name}: outbox")
        self.complaint = complaint or Complaint(channel.name)
        self._left: dict[str, Stored] = {}

    @property
    def name(self) -> str:
        """The channel's."""
        return self._channel.name

    @property
    def n_waiting(self) -> int:
        """Messages that the channel has not taken in the last turn."""
        return len(self._left)

    def hurry(self) -> None:
        """Let the next turn try everything: the network is back. From any thread."""
        self._is_hurried.set()

    def end(self) -> None:
        """Begin nothing new; from any thread."""
        self._is_ending.set()

    def close(self) -> None:
        """Give back what is held, after the last turn."""
        self._outbox.close()

    def prepare(self) -> None:
        """Make ready for the first message. Never raises."""
        try:
            self._channel.prepare()
        except DeliveryError as error:
            self.complaint.say(str(error))
        except Exception as error:  # noqa: BLE001 - a library's fault must not end the courier
            self.complaint.say(_failed_library(error))

    def turn(self) -> float:
        """Deliver what is due, and return after how many seconds to come back (`inf`: never).

        Never raises.
        """
        if self._is_hurried.is_set():
            self._is_hurried.clear()
            self._backoff.reset()
            self._held.clear()
        try:
            due = self._look()
        except RecordError as error:
            self._record.say(str(error))
            return _RECORD_RETRY_S
        self._left = {stored.id: stored for stored in due}
        self._deliver(due)
        is_emptied = bool(due) and not self._left and not self._unmarked
        return 0.0 if is_emptied else self._rest_s()  # there may be more than one look shows

    def _look(self) -> list[Stored]:
        for message in tuple(self._unmarked):
            self._mark(message)
        due = self._outbox.due(self._channel.name)
        if not self._unmarked:
            self._record.over()
        ids = {stored.id for stored in due}
        self._seen &= ids
        self._failures = {key: why for key, why in self._failures.items() if key in ids}
        self._held = {key: held for key, held in self._held.items() if key in ids}
        return due

    def _deliver(self, due: Iterable[Stored]) -> None:
        ready = deque(stored for stored in due if self._is_ready(stored))
        fresh = [stored for stored in ready if stored.id not in self._seen]
        if self._backoff.rest_s > 0:
            if not fresh or not self._is_delivered(fresh[-1]):
                return
            ready.remove(fresh[-1])
        while ready and not self._is_ending.is_set():
            stored = ready.popleft()
            if self._is_delivered(stored):
                continue
            if not ready or not self._is_delivered(ready[-1]):
                self._backoff.failed()
                return
            ready.pop()
            self._hold(stored)

    def _is_ready(self, stored: Stored) -> bool:
        held = self._held.get(stored.id)
        return stored.id not in self._unmarked and (held is None or held.rest_s == 0)

    def _hold(self, stored: Stored) -> None:
        self._held.setdefault(stored.id, Backoff(self._monotonic_s)).failed()

    def _is_delivered(self, stored: Stored) -> bool:
        self._seen.add(stored.id)
        try:
            self._channel.deliver(stored.message)
        except DeliveryError as error:
            self._failed(stored, str(error))
            return False
        except Exception as error:  # noqa: BLE001 - a library's fault must not end the courier
            self._failed(stored, _failed_library(error))
            return False
        self._confirm(stored)
        return True

    def _confirm(self, stored: Stored) -> None:
        self._backoff.reset()
        self.complaint.over()
        self._left.pop(stored.id, None)
        self._unmarked.add(stored.id)
        self._mark(stored.id)

    def _mark(self, message: str) -> None:
        """Write down that it was delivered, or try again in the next turn."""
        try:
            self._outbox.confirm(message)
        except RecordError as error:
            self._record.say(str(error))
        else:
            self._unmarked.discard(message)

    def _failed(self, stored: Stored, why: str) -> None:
        self.complaint.say(why)
        with suppress(RecordError):
            self._outbox.attempted(stored.id)
            if self._failures.get(stored.id) != why:  # an SD card lives longer so
                self._outbox.fail(stored.id, why)
                self._failures[stored.id] = why

    def _rest_s(self) -> float:
        if self._unmarked:
            return _RECORD_RETRY_S
        rests = [held.rest_s for key in self._left if (held := self._held.get(key))]
        is_held = len(rests) == len(self._left)
        return min([*rests, inf if is_held else self._backoff.rest_s])


def _failed_library(error: Exception) -> str:
    # Not its text, which may hold an address that is a secret.
    return f"the library for it has failed with {type(error).__name__}"
