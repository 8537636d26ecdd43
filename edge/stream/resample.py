"""Resampling of a stream: the same numbers as the batch form, for any cutting of the input."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.dsp.resample import polyphase_filter


class StreamResampler:
    """From a source's rate to the model's; passes sound through where they agree.

    Parameters
    ----------
    rate_in_hz, rate_out_hz : int
    """

    def __init__(self, *, rate_in_hz: int, rate_out_hz: int) -> None:
        self._identity = rate_in_hz == rate_out_hz
        if not self._identity:
            self._filter = polyphase_filter(rate_in_hz=rate_in_hz, rate_out_hz=rate_out_hz)
            self.reset()

    def reset(self) -> None:
        """Forget all sound; the next sample is sample 0."""
        if not self._identity:
            self._n_in = self._n_out = 0
            self._first_input = -self._filter.half_length
            self._held = np.zeros(self._filter.half_length, np.float32)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take sound, return what can be computed by now."""
        if self._identity:
            return samples
        self._held = np.concatenate([self._held, samples])
        self._n_in += len(samples)
        return self._emit(self._filter.n_ready(self._n_in))

    def flush(self) -> NDArray[np.float32]:
        """Return the rest, as if silence followed; then start anew."""
        if self._identity:
            return np.zeros(0, np.float32)
        self._held = np.pad(self._held, (0, self._filter.half_length))
        rest = self._emit(self._filter.n_outputs(self._n_in))
        self.reset()
        return rest

    def _emit(self, stop: int) -> NDArray[np.float32]:
        result = self._filter.apply(
            self._held, first_input=self._first_input, first=self._n_out, stop=stop
        )
        self._n_out = max(self._n_out, stop)
        self._forget()
        return result

    def _forget(self) -> None:
        needed = self._n_out * self._filter.down // self._filter.up - self._filter.half_length + 1
        n_old = min(max(0, needed - self._first_input), len(self._held))
        self._held = self._held[n_old:]
        self._first_input += n_old
