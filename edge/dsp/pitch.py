"""Pitch by YIN (de Cheveigne and Kawahara 2002), with a rule for voicing.

The frequency is that of `librosa.yin`, with the types of its intermediate values, since they decide
which of two nearly equal troughs is the deepest. librosa says nothing of voicing: the rule is ours.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import FeatureSpec, Pitch
from edge.dsp.chroma import parabola_shift
from edge.dsp.temporal import rms
from edge.dsp.tile import FloatArray, Stage, Tile


def stage(block: Pitch, spec: FeatureSpec) -> Stage:
    """Return how pitch is computed."""
    shortest = math.floor(spec.sample_rate_hz / block.fmax_hz)
    longest = min(math.ceil(spec.sample_rate_hz / block.fmin_hz), spec.framing.n_fft - 1)
    project = partial(
        _pitch, block=block, rate_hz=spec.sample_rate_hz, shortest=shortest, longest=longest
    )
    return Stage(key=block, project=project)


def normalised_difference(
    frames: NDArray[np.float64], *, shortest: int, longest: int
) -> NDArray[np.float64]:
    """Return d'(lag) of each frame for the lags `shortest` to `longest`, both included.

    Returns
    -------
    ndarray, shape (n_frames, longest - shortest + 1)
        The cumulative mean normalised difference: 0 for a perfect period, 1 on average.
    """
    correlation = _autocorrelation(frames, n_lags=longest + 1)
    energy = np.cumsum(np.square(frames, dtype=np.float32), axis=1)
    energy[:, 0] = 0
    difference = (2 * (correlation[:, :1] - correlation[:, 1:]) - energy[:, :longest]).astype(
        np.float32
    )
    mean = np.cumsum(difference, axis=1) / np.arange(1, longest + 1)
    tiny = np.finfo(np.float64).tiny
    return np.asarray(difference[:, shortest - 1 :] / (mean[:, shortest - 1 :] + tiny))


def best_lag(difference: NDArray[np.float64], *, threshold: float) -> NDArray[np.int_]:
    """Return for each row the first trough below the threshold, else its lowest place."""
    trough = np.zeros(difference.shape, np.bool_)
    falling = difference[:, 1:] < difference[:, :-1]
    trough[:, 1:-1] = falling[:, :-1] & (difference[:, 1:-1] <= difference[:, 2:])
    trough[:, 0] = difference[:, 0] < difference[:, 1]
    trough[:, -1] = falling[:, -1]
    deep = trough & (difference < threshold)
    return np.where(deep.any(axis=1), deep.argmax(axis=1), difference.argmin(axis=1))


def _pitch(tile: Tile, *, block: Pitch, rate_hz: int, shortest: int, longest: int) -> FloatArray:
    """Return F0 and aperiodicity, shape (n_frames, 2)."""
    difference = normalised_difference(tile.frames, shortest=shortest, longest=longest)
    lag = best_lag(difference, threshold=block.trough_threshold)
    row = np.arange(len(lag))
    silent = rms(tile)[:, 0] <= block.voicing_rms
    aperiodicity = np.where(silent, 1.0, difference[row, lag])
    voiced = ~silent & (aperiodicity < block.voicing_threshold)
    f0_hz = rate_hz / (shortest + lag + _refinement(difference, row, lag))
    found = [np.where(voiced, f0_hz, 0.0), aperiodicity]
    return np.asarray(np.stack(found, axis=1), np.float32)


def _refinement(
    difference: NDArray[np.float64], row: NDArray[np.int_], lag: NDArray[np.int_]
) -> NDArray[np.floating[Any]]:
    inner = np.clip(lag, 1, difference.shape[1] - 2)
    shift = parabola_shift(
        difference[row, inner - 1], difference[row, inner], difference[row, inner + 1]
    )
    return np.where(inner == lag, shift, 0.0)


def _autocorrelation(frames: NDArray[np.float64], *, n_lags: int) -> NDArray[np.float64]:
    n_fft = _fast_length(2 * frames.shape[1] - 1)
    spectrum = np.fft.rfft(frames, n_fft)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return np.asarray(np.fft.irfft(power, n_fft)[:, :n_lags])


def _fast_length(least: int) -> int:
    """Return the least number from `least` on that has no prime factor above 5."""
    length = least
    while _without_small_factors(length) > 1:
        length += 1
    return length


def _without_small_factors(number: int) -> int:
    for factor in (2, 3, 5):
        while number % factor == 0:
            number //= factor
    return number
