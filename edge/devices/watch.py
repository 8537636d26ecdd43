"""Keeps a source of sound alive: opens it, watches it, opens it again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.devices.source import AudioSource
from edge.devices.timelimit import finishes_within
from edge.errors import AudioDeviceError
from edge.stream.blocks import AudioBlock

NOT_OPEN: Final = " (not open)"
"""What a name ends with while nothing can be heard from it."""

_LOG: Final = logging.getLogger(__name__)
_FIRST_RETRY_S: Final = 0.5
_LONGEST_RETRY_S: Final = 30.0
_CLOSE_LIMIT_S: Final = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceHealth:
    """How a watched source has fared so far."""

    name: str
    is_open: bool
    fault: str | None
    """What is wrong now, as a sentence for people; None if sound comes."""
    n_opens: int
    n_failures: int
    """Openings that failed, and sources that broke down."""
    n_lost_samples: int
    """Samples that sources knew to be lost, without those of outages."""
    outage_s: float
    """Time between the last sound before and the first sound after each outage, summed."""


class WatchedSource:
    """A source that mends itself; it need not even be there yet.

    A failure, or no sound for `dead_fault_s`, closes the source and opens it anew after 0.5 s, then
    1 s, 2 s and so on up to 30 s, until sound comes. A microphone that is pulled out often raises
    nothing and delivers nothing: only the clock can tell. Sound that stays at one exact value for
    `silent_fault_s` is a fault too (muted, or a broken wire), but reopening would not help it.

    The first block after an outage tells the samples that are missing as `AudioBlock.n_lost`; it
    may be hours' worth. The rate may have changed too.

    Parameters
    ----------
    factory : callable
        Opens the source; called again for each opening.
    name : str
        What it is called while it is not open.
    dead_fault_s : float
        Waiting time without any sound.
    silent_fault_s : float
        Duration of sound that never moves.
    monotonic, sleep
        The clock; tests bring their own.
    """

    def __init__(
        self,
        factory: Callable[[], AudioSource],
        *,
        name: str = "microphone",
        dead_fault_s: float = 3.0,
        silent_fault_s: float = 30.0,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._factory = factory
        self._name = name
        self._dead_fault_s = dead_fault_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._source: AudioSource | None = None
        self._sameness = Sameness(limit_s=silent_fault_s)
        self._failure: str | None = None
        self._n_failures_in_a_row = 0
        self._next_try_s = monotonic()
        self._waited_s = 0.0
        self._heard_until_s: float | None = None
        self._is_gap = False
        self._is_closed = False
        self._n_opens = self._n_failures = self._n_lost = 0
        self._outage_s = 0.0

    @property
    def name(self) -> str:
        """The open source's name, or what was said to be opened."""
        return self._source.name if self._source else f"{self._name}{NOT_OPEN}"

    @property
    def sample_rate_hz(self) -> int:
        """The open source's rate; 0 while there is none. Each block tells its own."""
        return self._source.sample_rate_hz if self._source else 0

    @property
    def fault(self) -> str | None:
        """What is wrong now, as a sentence for people; None if sound comes."""
        return self._failure or self._sameness.fault

    @property
    def health(self) -> SourceHealth:
        """A snapshot."""
        return SourceHealth(
            name=self.name,
            is_open=self._source is not None,
            fault=self.fault,
            n_opens=self._n_opens,
            n_failures=self._n_failures,
            n_lost_samples=self._n_lost,
            outage_s=self._outage_s,
        )

    def read(self, *, timeout_s: float) -> AudioBlock | None:
        """Return the next block; None if none came in time, whatever the reason.

        Raises
        ------
        SourceEnded
            At the end of a source that ends.
        AudioDeviceError
            Only after `close`: before, a device that fails is opened again.
        """
        if self._is_closed:
            raise AudioDeviceError(f"{self._name} has been closed")
        source = self._source or self._reopen(timeout_s)
        if source is None:
            return None
        asked_s = self._monotonic()
        try:
            block = source.read(timeout_s=timeout_s)
        except AudioDeviceError as error:
            self._fail(str(error))
            return None
        if block is None or not len(block.samples):
            self._hear_nothing(self._monotonic() - asked_s)
            return None
        return self._hear(block)

    def close(self) -> None:
        """Close the source; a driver that hangs is left behind after five seconds."""
        self._is_closed = True
        self._drop_source()

    def _reopen(self, timeout_s: float) -> AudioSource | None:
        pause_s = self._next_try_s - self._monotonic()
        if pause_s > 0:
            self._sleep(min(pause_s, timeout_s))
        if self._monotonic() < self._next_try_s:
            return None
        try:
            self._source = self._factory()
        except AudioDeviceError as error:
            self._fail(str(error))
            return None
        self._n_opens += 1
        self._waited_s = 0.0
        _LOG.info("opened %s", self._source.name)
        return self._source

    def _hear(self, block: AudioBlock) -> AudioBlock:
        if self._failure:
            _LOG.info("%s delivers sound again", self.name)
        self._failure, self._n_failures_in_a_row, self._waited_s = None, 0, 0.0
        self._sameness.push(block.samples, sample_rate_hz=block.sample_rate_hz)
        self._n_lost += block.n_lost
        block = self._after_gap(block) if self._is_gap else block
        self._heard_until_s = self._monotonic()
        return block

    def _after_gap(self, block: AudioBlock) -> AudioBlock:
        self._is_gap = False
        if self._heard_until_s is None:  # nothing was ever heard, so nothing is missing
            return block
        began_s = self._monotonic() - len(block.samples) / block.sample_rate_hz
        gap_s = max(0.0, began_s - self._heard_until_s)
        self._outage_s += gap_s
        n_missing = round(gap_s * block.sample_rate_hz)
        return AudioBlock(
            samples=block.samples,
            sample_rate_hz=block.sample_rate_hz,
            n_lost=block.n_lost + n_missing,
        )

    def _hear_nothing(self, waited_s: float) -> None:
        # Only time spent waiting counts: a reader that was busy elsewhere proves nothing.
        self._waited_s += waited_s
        if self._waited_s >= self._dead_fault_s:
            self._fail(
                f"{self.name} has delivered nothing for {self._dead_fault_s:g} s; "
                "is it still plugged in?"
            )

    def _fail(self, why: str) -> None:
        self._drop_source()
        self._n_failures += 1
        delay_s = retry_delay_s(self._n_failures_in_a_row)
        self._n_failures_in_a_row += 1
        self._next_try_s = self._monotonic() + delay_s
        self._is_gap = True
        self._sameness.reset()
        if why != self._failure:  # once each: a night without a microphone must not fill the log
            _LOG.info("%s; trying again in %g s", why, delay_s)
        self._failure = why

    def _drop_source(self) -> None:
        source, self._source = self._source, None
        if source is not None and not finishes_within(_CLOSE_LIMIT_S, source.close):
            _LOG.warning("%s hangs while closing; it is left behind", source.name)


class Sameness:
    """Notices sound that stays at one exact value for `limit_s`: no real microphone does that."""

    def __init__(self, *, limit_s: float) -> None:
        self._limit_s = limit_s
        self._value = 0.0
        self._same_s = 0.0

    @property
    def fault(self) -> str | None:
        """What is wrong, as a sentence for people, or None."""
        if self._same_s < self._limit_s:
            return None
        if self._value == 0.0:
            return (
                f"only digital silence for {self._same_s:.0f} s: the microphone is muted, switched "
                "off or turned down to nothing; see `alsamixer` (F4)"
            )
        return (
            f"the sound stays at {self._value:.4f} for {self._same_s:.0f} s: the microphone or its "
            "cable is broken"
        )

    def push(self, samples: NDArray[np.float32], *, sample_rate_hz: int) -> None:
        """Take in a block, shape (n,), n at least 1."""
        value = float(samples[-1])
        stays = bool(np.all(samples == samples[-1]))
        goes_on = stays and (self._same_s == 0.0 or value == self._value)
        duration_s = len(samples) / sample_rate_hz
        self._same_s = duration_s * stays + self._same_s * goes_on
        self._value = value

    def reset(self) -> None:
        """Forget what was heard."""
        self._same_s = 0.0


def retry_delay_s(n_failures_before: int) -> float:
    """Return the pause before the next opening: 0.5 s, doubled by each failure, 30 s at most."""
    return float(min(_LONGEST_RETRY_S, _FIRST_RETRY_S * 2.0 ** min(n_failures_before, 16)))
