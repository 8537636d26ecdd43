"""From a source's blocks to one endless sound at one rate, with silence where sound was lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.stream.blocks import AudioBlock
from edge.stream.resample import StreamResampler


class Inlet:
    """Where blocks come in.

    Parameters
    ----------
    sample_rate_hz : int
        Rate that is wanted.
    longest_gap_s : float
        Most silence that stands for lost sound: more would change nothing any more.
    n_lost : int
        Samples that were lost before, and not told yet.
    """

    def __init__(self, sample_rate_hz: int, *, longest_gap_s: float, n_lost: int = 0) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.longest_gap_s = longest_gap_s
        self.n_lost = n_lost
        """Samples, at the source's rate, that were lost since somebody last took the figure."""
        self._resampler: StreamResampler | None = None
        self._source_rate_hz = sample_rate_hz

    def push(self, block: AudioBlock) -> NDArray[np.float32]:
        """Take a block, return what can be told of it by now."""
        self.n_lost += block.n_lost
        if self._resampler is None or block.sample_rate_hz != self._source_rate_hz:
            # A microphone that was plugged in again may come back with another rate.
            self._source_rate_hz = block.sample_rate_hz
            self._resampler = StreamResampler(
                rate_in_hz=block.sample_rate_hz, rate_out_hz=self.sample_rate_hz
            )
        return self._resampler.push(self._with_gap(block))

    def flush(self) -> NDArray[np.float32]:
        """Return the rest of what came in, as if silence followed."""
        return self._resampler.flush() if self._resampler else np.zeros(0, np.float32)

    def take_loss(self) -> int:
        """Return `n_lost` and count from 0 again."""
        n_lost, self.n_lost = self.n_lost, 0
        return n_lost

    def _with_gap(self, block: AudioBlock) -> NDArray[np.float32]:
        if not block.n_lost:
            return block.samples
        n_silent = min(block.n_lost, round(self.longest_gap_s * block.sample_rate_hz))
        return np.pad(block.samples, (n_silent, 0))
