"""What is measured beside the loop now and then, because asking may take long, or for ever."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.service.machine import temperature_c

PERIOD_S: Final = 60.0
_LATE_S: Final = 3 * PERIOD_S
"""A measurement that takes longer hangs: a network disk that is gone, for example."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One look at the machine; None for what could not be told."""

    free_mb: float | None = None
    """Of the disk, in 10^6 bytes."""
    temperature_c: float | None = None


class Gauges:
    """Looks once a minute, in a thread of its own, from the first moment on.

    Parameters
    ----------
    file : callable
        Returns a file on the disk that is measured; it need not exist.
    temperature : callable
        Degrees Celsius of the processor, or None.
    monotonic : callable
        Seconds.
    """

    def __init__(
        self,
        file: Callable[[], Path],
        *,
        temperature: Callable[[], float | None] = temperature_c,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        self._temperature = temperature
        self._monotonic = monotonic
        self._taken_s = monotonic()
        self._ending = threading.Event()
        self.reading = Reading()
        """The newest."""
        threading.Thread(target=self._look, name="gauges", daemon=True).start()

    @property
    def hangs(self) -> bool:
        """Whether a measurement has not come back."""
        return self._monotonic() - self._taken_s > _LATE_S

    def close(self) -> None:
        """Measure no more; one that hangs is left behind."""
        self._ending.set()

    def _look(self) -> None:
        while not self._ending.is_set():
            free_mb = degrees = None
            with suppress(OSError):
                free_mb = shutil.disk_usage(_existing(self._file())).free / 1e6
            with suppress(OSError, ValueError):
                degrees = self._temperature()
            self.reading = Reading(free_mb=free_mb, temperature_c=degrees)
            self._taken_s = self._monotonic()
            self._ending.wait(PERIOD_S)


def _existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    return next((place for place in (path, *path.parents) if place.exists()), Path("/"))
