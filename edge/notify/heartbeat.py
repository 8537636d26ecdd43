"""A dead man's switch: an address elsewhere is asked while somebody listens, and only then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Final

from edge.errors import DeliveryError
from edge.notify.backoff import Backoff
from edge.notify.complaint import Complaint
from edge.notify.secretfile import addresses
from edge.notify.web import ask
from edge.service.status import STALE_S, Status

NAME: Final = "heartbeat"
_LOOK_S: Final = 1.0
_WELL: Final = ("listening", "muted")
"""Whoever mutes the microphone knows that nothing is heard."""


class Heartbeat:
    """Asks the address every so often, while the ears are alive and not deaf.

    Parameters
    ----------
    url_file : Path
        It is read each time, so that a mended one is noticed.
    every_s : float
        Time from one time to the next.
    monotonic_s : callable
        The clock.
    """

    def __init__(self, *, url_file: Path, every_s: float, monotonic_s: Callable[[], float]) -> None:
        self._url_file = url_file
        self._every_s = every_s
        self._monotonic_s = monotonic_s
        self._backoff = Backoff(monotonic_s, longest_s=every_s)
        self._well_s = -inf
        self._beaten_s = -inf
        self.complaint = Complaint(NAME)

    def heard(self, status: Status | None) -> None:
        """Take in how the ears are; from any thread."""
        is_well = status is not None and status.health in _WELL
        self._well_s = self._monotonic_s() if is_well else -inf

    def beat(self) -> None:
        """Ask the address once.

        Raises
        ------
        DeliveryError
        """
        ask(addresses(self._url_file)[0])

    def turn(self) -> None:
        """Ask the address if it is time. Never raises."""
        now_s = self._monotonic_s()
        is_due = now_s - self._beaten_s >= self._every_s and self._backoff.rest_s == 0
        if not is_due or now_s - self._well_s > STALE_S:
            return
        try:
            self.beat()
        except DeliveryError as error:
            self.complaint.say(str(error))
            self._backoff.failed()
        else:
            self.complaint.over()
            self._backoff.reset()
            self._beaten_s = now_s

    def run(self, is_ending: threading.Event) -> None:
        """Go on until the end."""
        while not is_ending.wait(_LOOK_S):
            self.turn()
