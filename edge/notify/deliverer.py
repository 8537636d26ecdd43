"""All couriers at work, each in a thread of its own: a channel that hangs, hangs alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from edge.notify.courier import Courier

POLL_S: Final = 5.0
"""How often the outbox is looked into where nobody says that there is something new."""


class Deliverer:
    """Runs couriers.

    Parameters
    ----------
    couriers : sequence of Courier
    after : Deliverer, optional
        The one before, which was told to stop: a courier begins where that of the same channel has
        ended, so that nothing is delivered by both.
    """

    def __init__(self, couriers: Sequence[Courier], *, after: Deliverer | None = None) -> None:
        self._couriers = tuple(couriers)
        self._wakes = [threading.Event() for _ in couriers]
        self._is_ending = threading.Event()
        self._before = after.threads if after else {}
        self._own = {
            courier.name: threading.Thread(target=self._run, args=(courier, wake), daemon=True)
            for courier, wake in zip(self._couriers, self._wakes, strict=True)
        }

    @property
    def threads(self) -> dict[str, threading.Thread]:
        """Whoever may be delivering to a channel, by its name."""
        return {**self._before, **self._own}

    @property
    def complaints(self) -> list[str]:
        """What does not work, one sentence a channel."""
        return [c.complaint.text for c in self._couriers if c.complaint.text]

    @property
    def n_waiting(self) -> int:
        """Messages that wait in all channels."""
        return sum(courier.n_waiting for courier in self._couriers)

    def start(self) -> None:
        """Begin."""
        for thread in self._own.values():
            thread.start()

    def wake(self) -> None:
        """Look into the outbox now."""
        for wake in self._wakes:
            wake.set()

    def hurry(self) -> None:
        """Try everything now: the network is back."""
        for courier in self._couriers:
            courier.hurry()
        self.wake()

    def stop(self) -> None:
        """Let all end after what they are just doing."""
        self._is_ending.set()
        for courier in self._couriers:
            courier.end()
        self.wake()

    def join(self, limit_s: float) -> None:
        """Wait for them; one that hangs dies with the process."""
        deadline_s = time.monotonic() + limit_s
        for thread in self._own.values():
            with suppress(RuntimeError):  # was never started
                thread.join(max(0.0, deadline_s - time.monotonic()))

    def _run(self, courier: Courier, wake: threading.Event) -> None:
        if before := self._before.get(courier.name):
            before.join()
        courier.prepare()
        while not self._is_ending.is_set():
            rest_s = courier.turn()
            wake.wait(min(rest_s, POLL_S))
            wake.clear()
        courier.close()
