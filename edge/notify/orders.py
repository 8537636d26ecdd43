"""What Home Assistant asks of the ears: each order is passed on in a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Final, Protocol

from edge.errors import SerError
from edge.notify.discovery import (
    ACKNOWLEDGE_COMMAND,
    MUTE_COMMAND,
    OFF,
    ON,
    PRESS,
    SNOOZE_COMMAND,
)
from edge.service.protocol import Answer

WHO: Final = "mqtt"
_LOG: Final = logging.getLogger(__name__)
_MOST_WAITING: Final = 8


class Asked(Protocol):
    """What is needed of `edge.service.commands.Ears`."""

    def acknowledge(self, *, who: str) -> Answer:
        """Say that somebody has come."""
        ...

    def snooze(self, *, for_s: float, who: str) -> Answer:
        """Let no rule raise an alarm for a while."""
        ...

    def mute(self, *, who: str) -> Answer:
        """Close the microphone."""
        ...

    def unmute(self, *, who: str) -> Answer:
        """Open the microphone again."""
        ...


class Orders:
    """Passes orders on to the ears, one after the other.

    Parameters
    ----------
    ears : Asked
    snooze_s : float
        How long a press on "snooze" lasts.
    """

    def __init__(self, ears: Asked, *, snooze_s: float) -> None:
        self._known: dict[tuple[str, str], Callable[[], Answer]] = {
            (MUTE_COMMAND, ON): lambda: ears.mute(who=WHO),
            (MUTE_COMMAND, OFF): lambda: ears.unmute(who=WHO),
            (ACKNOWLEDGE_COMMAND, PRESS): lambda: ears.acknowledge(who=WHO),
            (SNOOZE_COMMAND, PRESS): lambda: ears.snooze(for_s=snooze_s, who=WHO),
        }
        self._waiting: queue.Queue[tuple[str, str]] = queue.Queue(_MOST_WAITING)

    def take(self, name: str, payload: str) -> None:
        """Take an order; never waits."""
        if (name, payload) not in self._known:
            _LOG.warning("mqtt: %r on %s is no order that is known", payload[:80], name)
            return
        try:
            self._waiting.put_nowait((name, payload))
        except queue.Full:
            _LOG.warning("mqtt: too many orders at once; one on %s is not obeyed", name)

    def run(self, is_ending: threading.Event) -> None:
        """Pass orders on until the end."""
        while not is_ending.is_set():
            try:
                order = self._waiting.get(timeout=0.5)
            except queue.Empty:
                continue
            try:
                self._known[order]()
            except SerError as error:
                _LOG.warning("mqtt: an order on %s was not obeyed: %s", order[0], error)
