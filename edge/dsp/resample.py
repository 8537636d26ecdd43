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

_OUTPUTS_PER_PRODUCT: Final = 256
"""Outputs, at least, that one matrix product gives: a stream is late by so many."""

_PRODUCTS_AT_ONCE: Final = 16
"""Products whose input, with overlaps, fits into the second-level cache."""

_MOST_PHASES: Final = 640
"""Ratios with more phases than this would need matrices larger than the cache."""


class PolyphaseFilter:
    """The filter from one rate to another, as a bank of ``n_phases`` rows of taps.

    Output ``m`` lies at input position ``m * down / up``; it is the product of the input around
    there with the row of phase ``(m * down) % up``. It comes out the same to the last bit however
    the input was cut: outputs are computed in blocks that are aligned to the first sample, each by
    one matrix product of a fixed shape, and what has not come yet is multiplied by zero.
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
        self._block = OutputBlock(self) if self.up <= _MOST_PHASES else None

    def n_outputs(self, n_inputs: int) -> int:
        """Return how many outputs lie within `n_inputs` of input."""
        return -(-n_inputs * self.up // self.down)

    def n_ready(self, n_inputs: int) -> int:
        """Return how many outputs can be computed when only `n_inputs` have been seen.

        Whole blocks are counted: a block that is begun would have to be computed again.
        """
        last = n_inputs - 1 - self.half_length
        n_within_reach = 0 if last < 0 else last * self.up // self.down + 1
        return n_within_reach - n_within_reach % (self._block.size if self._block else 1)

    def apply(
        self, padded: NDArray[np.float32], *, first_input: int, first: int, stop: int
    ) -> NDArray[np.float32]:
        """Compute the outputs ``first`` to ``stop``.

        ``padded[0]`` is input ``first_input``; all inputs within `half_length` of the outputs'
        positions must be there.
        """
        if stop <= first:
            return np.zeros(0, np.float32)
        if self._block is not None:
            return self._block.apply(padded, first_input=first_input, first=first, stop=stop)
        parts = [
            self._apply(padded, first_input, np.arange(m, min(m + _OUTPUTS_PER_PRODUCT, stop)))
            for m in range(first, stop, _OUTPUTS_PER_PRODUCT)
        ]
        return np.concatenate(parts)

    def taps(self, phase: int) -> NDArray[np.float32]:
        """Return the weights, shape (2 * half_length,), of the inputs around an output."""
        taps: NDArray[np.float32] = self._bank[phase]
        return taps

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
        return np.asarray(bank / bank.sum(axis=1, keepdims=True), np.float32)


class OutputBlock:
    """Outputs as products of stretches of input with one matrix: the taps of each, shifted.

    Parameters
    ----------
    bank : PolyphaseFilter
    """

    def __init__(self, bank: PolyphaseFilter) -> None:
        # A row of outputs is a whole number of periods, so that every row has the same matrix.
        self._n_columns = bank.up * -(-32 // bank.up)
        self._n_rows = -(-_OUTPUTS_PER_PRODUCT // self._n_columns)
        self._advance = self._n_columns // bank.up * bank.down
        self.size = self._n_rows * self._n_columns
        self._lead = bank.half_length - 1
        self._matrix = self._shifted_taps(bank)

    def apply(
        self, padded: NDArray[np.float32], *, first_input: int, first: int, stop: int
    ) -> NDArray[np.float32]:
        """Compute outputs as `PolyphaseFilter.apply`; inputs that are not there count as zero."""
        first_block, end_block = first // self.size, -(-stop // self.size)
        parts = [
            self._products(padded, first_input, block, min(_PRODUCTS_AT_ONCE, end_block - block))
            for block in range(first_block, end_block, _PRODUCTS_AT_ONCE)
        ]
        outputs = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return outputs[first - first_block * self.size : stop - first_block * self.size]

    def _products(
        self, padded: NDArray[np.float32], first_input: int, block: int, n_blocks: int
    ) -> NDArray[np.float32]:
        n_rows, length = n_blocks * self._n_rows, len(self._matrix)
        start = block * self._n_rows * self._advance - self._lead - first_input
        sound = _stretch(padded, start=start, length=(n_rows - 1) * self._advance + length)
        overlapping: NDArray[np.float32] = np.ndarray(
            (n_rows, length), np.float32, buffer=sound, strides=(4 * self._advance, 4)
        )
        rows = np.ascontiguousarray(overlapping).reshape(n_blocks, self._n_rows, length)
        return np.asarray(np.matmul(rows, self._matrix)).reshape(-1)

    def _shifted_taps(self, bank: PolyphaseFilter) -> NDArray[np.float32]:
        places = np.arange(self._n_columns) * bank.down
        length = int(places[-1]) // bank.up + 2 * bank.half_length
        matrix = np.zeros((length, self._n_columns), np.float32)
        for column, place in enumerate(places.tolist()):
            first, phase = divmod(place, bank.up)
            matrix[first : first + 2 * bank.half_length, column] = bank.taps(phase)
        return matrix


def _stretch(samples: NDArray[np.float32], *, start: int, length: int) -> NDArray[np.float32]:
    """Return contiguous samples from `start` on, which may lie before 0; zero where none are."""
    if start >= 0 and start + length <= len(samples):
        return np.ascontiguousarray(samples[start : start + length], np.float32)
    stretch = np.zeros(length, np.float32)
    low, high = max(0, start), min(len(samples), start + length)
    if low < high:
        stretch[low - start : high - start] = samples[low:high]
    return stretch


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
