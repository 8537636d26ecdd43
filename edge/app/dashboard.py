"""The page, put together from what this machine has."""

from __future__ import annotations

import platform
import threading
from datetime import UTC, tzinfo
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from edge.analysis import ClipAnalyzer
from edge.app import models
from edge.app.installing import roll_back
from edge.config.load import Loaded, log_file
from edge.config.places import Places
from edge.contract.bundle import ModelBundle
from edge.dashboard.pieces import ModelShelf, Surroundings
from edge.record.moments import SystemClock
from edge.service.commands import Ears

_HOUR_S: Final = 3600.0


def surroundings(loaded: Loaded, places: Places) -> Surroundings:
    """Return what the page finds on this machine."""
    config = loaded.config
    return Surroundings(
        state=places.state_directory(),
        log=log_file(config, places),
        ears=Ears(places),
        models=DeviceModels(loaded),
        clock=SystemClock(),
        zone=local_zone(places),
        room=config.room.name or platform.node(),
        session_s=config.dashboard.session_h * _HOUR_S,
    )


def local_zone(places: Places) -> tzinfo:
    """Return the zone of this machine, with all its changes of the clock; UTC for want of one."""
    try:
        if name := places.environ.get("TZ", "").lstrip(":"):
            return ZoneInfo(name)
        with (places.root / "etc" / "localtime").open("rb") as file:
            return ZoneInfo.from_file(file)
    except (KeyError, OSError, ValueError):  # a name that is no zone is a KeyError
        return UTC


class DeviceModels:
    """The models of this device, as `ser-edge model` sees them; loaded once each.

    Parameters
    ----------
    loaded : Loaded
        The settings.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._lock = threading.Lock()
        self._bundle: tuple[object, ModelBundle] | None = None
        self._analyzer: tuple[object, ClipAnalyzer] | None = None

    def analyzer(self) -> ClipAnalyzer:
        """Return what analyses a recording with the current model."""
        config = self._loaded.config
        with self._lock:
            path = models.model_path(config)
            key = _key(path)
            if self._analyzer is None or self._analyzer[0] != key:
                self._analyzer = (key, models.open_analyzer(config, model=path))
            return self._analyzer[1]

    def current(self) -> ModelBundle:
        """Return the current model."""
        with self._lock:
            path = models.model_path(self._loaded.config)
            key = _key(path)
            if self._bundle is None or self._bundle[0] != key:
                self._bundle = (key, ModelBundle.load(path))
            return self._bundle[1]

    def bundled(self) -> ModelBundle:
        """Return the model that comes with the program."""
        return _bundled()

    def shelf(self) -> ModelShelf:
        """Return which models there are."""
        store = models.model_store(self._loaded.config)
        return ModelShelf(
            installed=tuple(store.installed()),
            current_id=store.current_id(),
            previous_id=store.previous_id(),
        )

    def roll_back(self) -> str:
        """Go back to the previous model, and say so in a sentence."""
        return roll_back(self._loaded)


@cache
def _bundled() -> ModelBundle:
    return ModelBundle.load(models.bundled_model())


def _key(path: Path) -> object:
    about = path.stat()
    return path, about.st_mtime_ns, about.st_size
