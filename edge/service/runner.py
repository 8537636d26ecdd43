"""The loop: read a block, push it through the pipeline, tell the listeners."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.decide.alarms import OpenAlarm
from edge.decide.outcomes import Scores, Signal
from edge.dsp.level import SILENCE_DBFS, rms_dbfs
from edge.errors import SourceEnded
from edge.service.ears import Ears
from edge.service.happenings import Happening
from edge.service.listeners import Listener
from edge.service.muting import MutedSource
from edge.stream.blocks import AudioBlock

READ_TIMEOUT_S: Final = 0.25
"""Longest time that a request to stop, or a command, waits in silence."""

_SIGNALS_PER_S: Final = 10

Health = Literal["starting", "listening", "deaf", "muted", "stopped"]
Tell = Callable[[Sequence[Happening]], None]
"""Tells the listeners, the log first; everything is shown anew in the same turn."""


class Source(Protocol):
    """What the loop needs of a source of sound."""

    @property
    def name(self) -> str:
        """What it is, for people."""

    @property
    def fault(self) -> str | None:
        """Why no usable sound comes at present, as a sentence for people."""

    def read(self, *, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if none came in time; raises `SourceEnded`."""

    def close(self) -> None:
        """Release the device."""


class Runner:
    """Run a source through the ears until it ends or is told to stop.

    One thread does everything, so that nothing needs a lock: a microphone fills its own bounded
    queue meanwhile. `stop` may be called from any thread.

    Parameters
    ----------
    source : Source
    ears : Ears
    listeners : sequence of Listener
        Told in this order; wrap those that may fail in `edge.service.listeners.Guarded`.
    attend : callable
        Called between blocks, some fifty times a second, with what tells the listeners of whatever
        follows from it.
    sounding : callable
        Returns the alarm that is to be seen and heard.
    """

    def __init__(
        self,
        source: Source,
        ears: Ears,
        listeners: Sequence[Listener],
        *,
        attend: Callable[[Tell], None] = lambda _tell: None,
        sounding: Callable[[], OpenAlarm | None] = lambda: None,
    ) -> None:
        self._source = source
        self._ears = ears
        self._listeners = listeners
        self._attend = attend
        self._stopping = threading.Event()
        self._sounding = sounding
        self._meter = LevelMeter()
        self._health = _first_health(source)
        self._has_news = False

    def stop(self) -> None:
        """Ask the loop to end; it does so within `READ_TIMEOUT_S`."""
        self._stopping.set()

    @property
    def source(self) -> Source:
        """What is listened to."""
        return self._source

    @property
    def health(self) -> Health:
        """How the ears fare."""
        return self._health

    def replace_source(self, source: Source) -> None:
        """Listen to another source from now on; only from within the loop, by `attend`."""
        former, self._source, self._health = self._source, source, _first_health(source)
        self._has_news = True
        former.close()

    def run(self) -> None:
        """Listen until the source ends or `stop` is called, then leave everything off."""
        with ExitStack() as ending:  # the last is done first, and each whatever the others do
            for listener in reversed(self._listeners):
                ending.callback(listener.close)
            ending.callback(self._close_source)
            ending.callback(self._show_end)  # first: a driver may hang, lights must not stay on
            self._show()
            while not self._stopping.is_set():
                if not self._step():
                    break

    def _close_source(self) -> None:
        self._source.close()

    def _show_end(self) -> None:
        self._health = "stopped"
        self._show()

    def _step(self) -> bool:
        try:
            block = self._source.read(timeout_s=READ_TIMEOUT_S)
        except SourceEnded:
            self._tell(self._ears.flush())
            self._attend(self._tell)
            return False
        was_deaf = self._health == "deaf"
        self._health = self._health_after(block)
        if block is not None:
            is_live = self._health == "listening"
            self._tell(self._ears.push(block, is_live=is_live, after_outage=was_deaf))
        self._attend(self._tell)
        has_level = block is not None and self._meter.push(block)
        if block is None or has_level or self._has_news:
            self._show()
        return True

    def _health_after(self, block: AudioBlock | None) -> Health:
        if self._source.fault:
            return "deaf"
        waits = block is None and self._health in {"starting", "muted"}
        return self._health if waits else "listening"

    def _tell(self, happenings: Sequence[Happening]) -> None:
        for happening in happenings:
            for listener in self._listeners:
                listener.take(happening, state=self._ears.pipeline.decided.state)
            # An alarm must be seen in the turn in which it was raised.
            self._has_news |= not isinstance(happening, Scores)

    def _show(self) -> None:
        self._has_news = False
        signal = self._signal()
        for listener in self._listeners:
            listener.show(signal)

    def _signal(self) -> Signal:
        pipeline = self._ears.pipeline
        decided, alarm = pipeline.decided, self._sounding()
        deaf = self._health != "listening"
        return Signal(
            health=self._health,
            state=decided.state,
            confidence=decided.confidence,
            speaking=pipeline.scorer.speaking and not deaf,
            alarm=alarm.rule if alarm else None,
            light=alarm.light if alarm else "none",
            buzzer=alarm.buzzer if alarm else "none",
            level_dbfs=SILENCE_DBFS if deaf else self._meter.level_dbfs,
            fault=self._source.fault,
        )


def _first_health(source: Source) -> Health:
    return "muted" if isinstance(source, MutedSource) else "starting"


@dataclass(slots=True)
class LevelMeter:
    """The level of the last tenth of a second."""

    level_dbfs: float = SILENCE_DBFS
    _held: NDArray[np.float32] | None = None

    def push(self, block: AudioBlock) -> bool:
        """Take a block; return whether the level is a new one."""
        held = block.samples if self._held is None else np.append(self._held, block.samples)
        if len(held) * _SIGNALS_PER_S < block.sample_rate_hz:
            self._held = held
            return False
        self.level_dbfs, self._held = rms_dbfs(held), None
        return True
