"""Wiring `ser-edge deliver`: a crew that empties the outbox, and what the ears tell it."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Final

from edge.app.crew import Crew
from edge.config.load import load_config
from edge.config.places import Places
from edge.errors import DeliveryError, SerError
from edge.service.commands import Ears
from edge.service.status import Status
from edge.service.systemd import Notifier
from edge.store.locks import try_lock

_LOG: Final = logging.getLogger(__name__)
_LOCK_FILE: Final = "deliver.lock"
_LOCK_MODE: Final = 0o644
_LOOK_S: Final = 0.2
_FAREWELL_S: Final = 1.0


class Delivering:
    """One run of `ser-edge deliver`: create it, then `run` it.

    Parameters
    ----------
    config_file : Path, optional
        The configuration file that the user named.
    say : callable
        Called with a line for people when something has begun.
    """

    def __init__(self, config_file: Path | None, *, say: Callable[[str], None]) -> None:
        self._places = Places.here()
        self._config_file = config_file
        self._say = say
        self._lock = _lock(self._places)
        self._notifier = Notifier.here()
        self._crew = Crew(load_config(file=config_file).config, self._places)
        self._status: Status | None = None
        self._is_ending = threading.Event()
        self._wants_end = False
        self._wants_reload = False

    def run(self) -> None:
        """Deliver until `stop` is called."""
        self._crew.start()
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        self._say(self._crew.summary)
        self._notifier.ready()
        self._go_on()
        self._notifier.stopping()
        self._is_ending.set()
        self._crew.stop()
        self._crew.join(_FAREWELL_S)

    def stop(self) -> None:
        """End the run soon; for signal handlers."""
        self._wants_end = True

    def reload(self) -> None:
        """Read the settings anew soon; for signal handlers."""
        self._wants_reload = True

    def _go_on(self) -> None:
        said, told_s = "", -inf
        feed_s = (self._notifier.watchdog_s or inf) / 3
        while not self._wants_end:
            if self._wants_reload:
                self._wants_reload = False
                self._reload()
            if self._crew.summary != said:
                said = self._crew.summary
                self._notifier.status(said)
            if time.monotonic() - told_s >= feed_s:
                told_s = time.monotonic()
                self._notifier.feed()
            time.sleep(_LOOK_S)

    def _reload(self) -> None:
        self._notifier.reloading()
        try:
            config = load_config(file=self._config_file).config
            crew = Crew(config, self._places, after=self._crew)
        except SerError as error:
            _LOG.warning("the settings are wrong, the old ones go on: %s", error)
        else:
            self._crew.stop()
            self._crew = crew
            crew.start()
            crew.heard(self._status)
            self._say(crew.summary)
        self._notifier.ready()

    def _watch(self) -> None:
        for status in Ears(self._places).watch(self._is_ending):
            self._status = status
            self._crew.heard(status)


def _lock(places: Places) -> int | None:
    """Take the right to deliver, held until the process ends; None where no lock can be made.

    Raises
    ------
    DeliveryError
        If another process has it: everything would be delivered twice.
    """
    folder = places.state_directory()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / _LOCK_FILE, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, _LOCK_MODE)
    except OSError as error:
        _LOG.warning("%s: no lock can be made there: %s", folder, error.strerror)
        return None
    if try_lock(lock):
        return lock
    os.close(lock)
    raise DeliveryError("another `ser-edge deliver` runs already; stop it, or leave it to it")
