"""Resampling by a polyphase Kaiser filter: the arithmetic that batch and stream share.

The low-pass passes up to 0.9 of the lower Nyquist frequency and stops, by 85 dB, from the Nyquist
frequency on (Kaiser and Schafer 1980; Crochiere and Rabiner 1983).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edge.errors import AudioDataError

STOP_BAND_DB: Final = 85.0
PASS_BAND: Final = 0.9
"""End of the pass band as a fraction of the lower Nyquist frequency."""

LOWEST_RATE_HZ: Final = 4_000
HIGHEST_RATE_HZ: Final = 384_000

_CHUNK: Final = 256  # outputs computed at once: their windows fit into the second-level cache


class PolyphaseFilter:
    """The filter from one rate to another, as a bank of ``n_phases`` rows of taps.

    Output ``m`` lies at input position ``m * down / up``; it is the product of the input around
    there with the row of phase ``(m * down) % up``. It depends on nothing else, so that it comes
    out the same to the last bit however the input was cut.
    """

    def __init__(self, *, rate_in_hz: int, rate_out_hz: int) -> None:
        for rate_hz in (rate_in_hz, rate_out_hz):
            if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
                raise AudioDataError(
                    f"the sound has a rate of {rate_hz} Hz, expected {LOWEST_RATE_HZ} to "
                    f"{HIGHEST_RATE_HZ} Hz; convert the recording"
                )
        common = math.gcd(rate_in_hz, rate_out_hz)
        self.up = rate_out_hz // common
        self.down = rate_in_hz // common
        self.half_length = _half_length(rate_in_hz, rate_out_hz)
        self._bank = self._design(min(1.0, rate_out_hz / rate_in_hz))

    def n_outputs(self, n_inputs: int) -> int:
        """Return how many outputs lie within `n_inputs` of input."""
        return -(-n_inputs * self.up // self.down)

    def n_ready(self, n_inputs: int) -> int:
        """Return how many outputs can be computed when only `n_inputs` have been seen."""
        last = n_inputs - 1 - self.half_length
        return 0 if last < 0 else last * self.up // self.down + 1

    def apply(
        self, padded: NDArray[np.float32], *, first_input: int, first: int, stop: int
    ) -> NDArray[np.float32]:
        """Compute the outputs ``first`` to ``stop``.

        ``padded[0]`` is input ``first_input``; all inputs within `half_length` of the outputs'
        positions must be there.
        """
        parts = [
            self._apply(padded, first_input, np.arange(m, min(m + _CHUNK, stop)))
            for m in range(first, stop, _CHUNK)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _apply(
        self, padded: NDArray[np.float32], first_input: int, outputs: NDArray[np.int_]
    ) -> NDArray[np.float32]:
        position, phase = np.divmod(outputs * self.down, self.up)
        starts = position - self.half_length + 1 - first_input
        windows = sliding_window_view(padded, 2 * self.half_length)[starts]
        products = windows * self._bank[phase]
        # A reduction along the contiguous axis adds each row in the same order, alone or among
        # others; a matrix product need not.
        result: NDArray[np.float32] = np.add.reduce(products, axis=-1)
        return result

    def _design(self, ratio: float) -> NDArray[np.float32]:
        # Tap k of phase p lies at k - (half_length - 1) - p / up input samples from the output.
        taps = np.arange(2 * self.half_length) - (self.half_length - 1)
        distance = taps[None, :] - np.arange(self.up)[:, None] / self.up
        cutoff = ratio * (1.0 + PASS_BAND) / 2.0
        inside = np.clip(1.0 - (distance / self.half_length) ** 2, 0.0, None)
        beta = 0.1102 * (STOP_BAND_DB - 8.7)
        window = np.i0(beta * np.sqrt(inside)) / np.i0(beta)
        bank = cutoff * np.sinc(cutoff * distance) * window
        return (bank / bank.sum(axis=1, keepdims=True)).astype(np.float32)


def _half_length(rate_in_hz: int, rate_out_hz: int) -> int:
    transition = np.pi * (1.0 - PASS_BAND) * min(1.0, rate_out_hz / rate_in_hz)
    return math.ceil((STOP_BAND_DB - 7.95) / (2.285 * transition) / 2.0) + 1


@lru_cache(maxsize=4)
def polyphase_filter(*, rate_in_hz: int, rate_out_hz: int) -> PolyphaseFilter:
    """Return the filter between two rates; designed once."""
    return PolyphaseFilter(rate_in_hz=rate_in_hz, rate_out_hz=rate_out_hz)


def resample(
    samples: NDArray[np.float32], *, rate_in_hz: int, rate_out_hz: int
) -> NDArray[np.float32]:
    """Resample a whole recording, shape (n,); the ends are taken to be followed by silence."""
    if rate_in_hz == rate_out_hz:
        return samples
    bank = polyphase_filter(rate_in_hz=rate_in_hz, rate_out_hz=rate_out_hz)
    padded = np.pad(samples, bank.half_length)
    n = bank.n_outputs(len(samples))
    return bank.apply(padded, first_input=-bank.half_length, first=0, stop=n)
