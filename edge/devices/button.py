"""The button on the GPIO: watches the contact and says what it was pressed for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Final

from edge.devices.presses import USUAL_TIMING, Press, PressClassifier, PressTiming

_LOG: Final = logging.getLogger(__name__)
_END_S: Final = 2.0

Edge = tuple[float, bool]
"""When the contact changed, and whether it is closed since."""


class PushButton:
    """Watches one button in a thread of its own, until it is closed.

    Parameters
    ----------
    device : gpiozero.DigitalInputDevice
        Its pin, without bounce time: bouncing is dealt with here. It is closed with this.
    on_press : callable
        Called in this button's thread: it should only set a flag. What it raises is logged.
    timing : PressTiming
        How long is long.
    clock : callable
        Seconds that never go back.
    """

    def __init__(
        self,
        device: Any,
        *,
        on_press: Callable[[Press], None],
        timing: PressTiming = USUAL_TIMING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._device = device
        self._on_press = on_press
        self._clock = clock
        self._edges: SimpleQueue[Edge | None] = SimpleQueue()
        self._presses = PressClassifier(timing, is_down=device.is_active)
        device.when_activated = lambda: self._edges.put((self._clock(), True))
        device.when_deactivated = lambda: self._edges.put((self._clock(), False))
        self._thread = threading.Thread(target=self._run, name="button", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Watch no more and release the pin."""
        self._edges.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(_END_S)
        self._device.close()

    def _run(self) -> None:
        try:
            while (presses := self._next()) is not None:
                for press in presses:
                    self._tell(press)
        except Exception:  # noqa: BLE001 - the pins may be gone; the ears are not
            _LOG.exception("the button is watched no more")

    def _next(self) -> list[Press] | None:
        """Wait for the next change, or until one must look; None at the end."""
        try:
            return self._changed(self._edges.get(timeout=self._wait_s()))
        except Empty:
            # The pin itself is asked: the kernel may have lost a change.
            is_down, now_s = self._device.is_active, self._clock()
        try:
            return self._changed(self._edges.get_nowait())  # what was seen is older than this
        except Empty:
            return self._presses.look(now_s, is_down=is_down)

    def _changed(self, edge: Edge | None) -> list[Press] | None:
        return None if edge is None else self._presses.change(edge[0], is_down=edge[1])

    def _wait_s(self) -> float | None:
        due_s = self._presses.due_s
        return None if due_s is None else max(0.0, due_s - self._clock())

    def _tell(self, press: Press) -> None:
        try:
            self._on_press(press)
        except Exception:  # noqa: BLE001 - it would end the thread, and the button with it
            _LOG.exception("the %s press of the button came to nothing", press)
