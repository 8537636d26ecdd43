"""Lets the pipeline hear relative to a person's usual voice, as the state file says."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from edge.app import adaptation
from edge.app.adaptation import Calibration
from edge.decide.baseline import OwnNormal, UsualVoice
from edge.errors import SerError
from edge.pipeline import EmotionPipeline

LOOK_S: Final = 1.0
_WRITE_S: Final = 30.0
"""Each write reaches the disk; an SD card and the ears need not bear more."""

_LOG: Final = logging.getLogger(__name__)

Stamp = tuple[int, int, int] | None


class Relating:
    """Between the state file and the pipeline; `turn` costs next to nothing but once a second.

    Whatever is wrong with the file, the pipeline goes on with plain decisions.

    Parameters
    ----------
    path : Path
        The state file.
    on_trouble : callable
        Told why decisions are plain though somebody wants otherwise, or nothing.
    is_gatherer : bool
        Whether this process may add to what is known: one does, and no recording is the person.
    monotonic, now : callable
        Clocks.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_trouble: Callable[..., None],
        is_gatherer: bool,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._path = path
        self._on_trouble = on_trouble
        self._is_gatherer = is_gatherer
        self._monotonic = monotonic
        self._now = now
        self._calibration: Calibration | None = None
        self._normal: OwnNormal | None = None
        self._seen: tuple[Stamp, str, bool] | None = None
        self._written: UsualVoice | None = None
        self._look_at_s = 0.0
        self._write_at_s = 0.0

    @property
    def normal(self) -> OwnNormal | None:
        """What the pipeline hears with; None while there is no calibration for its model."""
        return self._normal

    @property
    def moves(self) -> bool:
        """Whether decisions are relative now."""
        return self._normal is not None and self._normal.moves

    def turn(self, pipeline: EmotionPipeline, *, model: str, enabled: bool) -> None:
        """Do what is due.

        Parameters
        ----------
        pipeline : EmotionPipeline
            That listens now.
        model : str
            SHA-256 of its flatbuffer.
        enabled : bool
            Whether the settings want decisions to be relative.
        """
        now_s = self._monotonic()
        if pipeline.normal is self._normal and now_s < self._look_at_s:
            return
        self._look_at_s = now_s + LOOK_S
        if now_s >= self._write_at_s:
            self._write_at_s = now_s + _WRITE_S
            self.save()
        self._look(model, enabled=enabled)
        pipeline.normal = self._normal
        if self._normal and self._calibration:
            gathered, self._normal.gathers = self._normal.gathers, self._gathers(self._calibration)
            if gathered and not self._normal.gathers:
                self.save()

    def save(self) -> None:
        """Bring what was gathered to the disk, unless another process just changes it."""
        calibration, normal = self._calibration, self._normal
        if calibration is None or normal is None or normal.usual is self._written:
            return
        try:
            adaptation.change(
                self._path,
                adaptation.gathered(normal.usual),
                of=calibration.id,
                patience_s=0.0,
            )
            self._written = normal.usual
        except SerError as error:
            _LOG.warning("what was heard of the usual voice is not kept yet: %s", error)

    def _look(self, model: str, *, enabled: bool) -> None:
        seen = (_stamp(self._path), model, enabled)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            calibration = adaptation.read(self._path)
        except SerError as error:
            self._forget(f"{error}; decisions are plain")
            return
        self._take(calibration, model, enabled=enabled)

    def _take(self, calibration: Calibration | None, model: str, *, enabled: bool) -> None:
        reference = adaptation.reference_of(model)
        if calibration is None:
            self._forget()
        elif calibration.model != model or reference is None:
            self._forget(
                f"{self._path} was made with another model than the one that listens; decisions "
                "are plain until `ser-edge calibrate person` is run again"
            )
        else:
            usual = calibration.usual
            if self._is_gatherer and self._normal and self._is_known(calibration):
                usual = self._normal.usual  # newer than what was written
            self._calibration = calibration
            self._normal = OwnNormal(
                usual,
                reference,
                gathers=self._gathers(calibration),
                applies=enabled and not calibration.paused,
            )
            self._on_trouble()

    def _is_known(self, calibration: Calibration) -> bool:
        return self._calibration is not None and self._calibration.id == calibration.id

    def _gathers(self, calibration: Calibration) -> bool:
        return self._is_gatherer and calibration.gathers(self._now())

    def _forget(self, *trouble: str) -> None:
        self._calibration = self._normal = None
        self._on_trouble(*trouble)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
