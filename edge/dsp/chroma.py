"""Chroma: the energy of each pitch class, and librosa's estimate of the tuning."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import Chroma, FeatureSpec
from edge.dsp.tile import FloatArray, Stage, Tile, product

_A0_HZ: Final = 27.5
_CENTRE_OCTAVE: Final = 5.0
_OCTAVE_WIDTH: Final = 2.0

_TUNING_FMIN_HZ: Final = 150.0
_TUNING_FMAX_HZ: Final = 4000.0
_PEAK_THRESHOLD: Final = 0.1
"""Fraction of a frame's maximum that a spectral peak must reach."""
_TUNING_STEPS: Final = 101

_TINY: Final = np.finfo(np.float32).tiny


def stage(block: Chroma, spec: FeatureSpec) -> Stage:
    """Return how chroma is computed; with an estimated tuning the bank waits for the whole clip."""
    n_fft, rate_hz = spec.framing.n_fft, spec.sample_rate_hz
    spectrum = partial(_spectrum, power=block.spectrum == "power")
    if block.tuning is None:
        finish = partial(_self_tuned, block=block, rate_hz=rate_hz, n_fft=n_fft)
        return Stage(
            key=("spectrum", block.spectrum),
            # The tile's own array lives only until the next tile.
            project=lambda tile: spectrum(tile).copy(),
            finish=finish,
        )
    bank = _bank(block.n_chroma, block.tuning, rate_hz, n_fft)
    return Stage(key=block, project=lambda tile: _fold(spectrum(tile), bank))


def chroma_filterbank(
    *, n_chroma: int, tuning: float, sample_rate_hz: int, n_fft: int
) -> FloatArray:
    """Return the weights, shape (n_chroma, 1 + n_fft // 2), as `librosa.filters.chroma`.

    Gaussian bumps around the pitch classes, weighted by octave (Ellis, Chroma Feature Analysis and
    Synthesis, 2007); the first row is C.
    """
    bins_hz = np.linspace(0, sample_rate_hz, n_fft, endpoint=False)[1:]
    a0_hz = _A0_HZ * 2.0 ** (tuning / n_chroma)
    places = n_chroma * np.log2(bins_hz / a0_hz)
    places = np.concatenate(([places[0] - 1.5 * n_chroma], places))
    widths = np.concatenate((np.maximum(np.diff(places), 1.0), [1.0]))
    half = np.round(n_chroma / 2)
    distance = places[None, :] - np.arange(n_chroma)[:, None]
    distance = np.remainder(distance + half + 10 * n_chroma, n_chroma) - half
    bumps = np.exp(-0.5 * (2 * distance / widths) ** 2)
    bumps /= np.sqrt(np.square(bumps).sum(axis=0))
    octave = (places / n_chroma - _CENTRE_OCTAVE) / _OCTAVE_WIDTH
    from_c = np.roll(bumps * np.exp(-0.5 * octave**2), -3 * (n_chroma // 12), axis=0)
    return np.ascontiguousarray(from_c[:, : 1 + n_fft // 2], np.float32)


def estimate_tuning(
    magnitude: FloatArray, *, sample_rate_hz: int, n_fft: int, bins_per_octave: int
) -> float:
    """Return the deviation from A440 in fractions of a bin, as `librosa.estimate_tuning`.

    The most frequent deviation of the louder half of all spectral peaks between 150 and 4000 Hz;
    0 where there is none. ``magnitude`` is any non-negative spectrum, shape (n_frames, n_bins).
    """
    pitch_hz, peak = spectral_peaks(magnitude, sample_rate_hz=sample_rate_hz, n_fft=n_fft)
    pitched = pitch_hz > 0
    if not pitched.any():
        return 0.0
    loud_hz = pitch_hz[pitched & (peak >= np.median(peak[pitched]))]
    deviation = np.mod(bins_per_octave * np.log2(loud_hz / _A0_HZ), 1.0)
    deviation[deviation >= 0.5] -= 1.0
    counts, edges = np.histogram(deviation, np.linspace(-0.5, 0.5, _TUNING_STEPS))
    return float(edges[np.argmax(counts)])


def spectral_peaks(
    magnitude: FloatArray, *, sample_rate_hz: int, n_fft: int
) -> tuple[FloatArray, FloatArray]:
    """Return frequency and height of every spectral peak, refined by a parabola.

    As `librosa.piptrack` with its defaults, but as flat lists of the peaks alone, each of shape
    (n_peaks,). The types of the intermediate values are librosa's: they decide ties.
    """
    bins_hz = np.fft.rfftfreq(n_fft, 1.0 / sample_rate_hz)
    highest_hz = min(_TUNING_FMAX_HZ, sample_rate_hz / 2)
    inside = (bins_hz >= _TUNING_FMIN_HZ) & (bins_hz < highest_hz)
    floor = _PEAK_THRESHOLD * magnitude.max(axis=1, keepdims=True)
    strong = magnitude * (magnitude > floor)
    frame, k = np.nonzero(_local_maxima(strong) & inside)
    # A peak in the last bin has one neighbour; librosa does not refine it.
    last = k == magnitude.shape[1] - 1
    here, before = magnitude[frame, k], magnitude[frame, k - 1]
    after = magnitude[frame, np.where(last, k, k + 1)]
    shift = np.where(last, np.float32(0), parabola_shift(before, here, after))
    slope = np.where(last, here - before, (after - before) / np.float32(2))
    pitch_hz = ((k + shift) * float(sample_rate_hz) / n_fft).astype(np.float32)
    return pitch_hz, here + np.float32(0.5) * slope * shift


def parabola_shift(
    before: NDArray[np.floating[Any]],
    here: NDArray[np.floating[Any]],
    after: NDArray[np.floating[Any]],
) -> NDArray[np.floating[Any]]:
    """Return where the vertex of a parabola through three values lies, from the middle one.

    It is 0 where it would be more than one place away.
    """
    curvature = (after + before).astype(np.float64) - 2.0 * here.astype(np.float64)
    slope = (after - before).astype(np.float64) / 2.0
    far = np.abs(slope) >= np.abs(curvature)
    shift = -slope / np.where(far, 1.0, curvature)
    return np.where(far, 0.0, shift).astype(here.dtype)


def _local_maxima(rows: FloatArray) -> NDArray[np.bool_]:
    found = np.zeros(rows.shape, np.bool_)
    rising = rows[:, 1:] > rows[:, :-1]
    found[:, 1:-1] = rising[:, :-1] & (rows[:, 1:-1] >= rows[:, 2:])
    found[:, -1] = rising[:, -1]
    return found


def _self_tuned(spectrum: FloatArray, *, block: Chroma, rate_hz: int, n_fft: int) -> FloatArray:
    tuning = estimate_tuning(
        spectrum, sample_rate_hz=rate_hz, n_fft=n_fft, bins_per_octave=block.n_chroma
    )
    return _fold(spectrum, _bank(block.n_chroma, tuning, rate_hz, n_fft))


def _spectrum(tile: Tile, *, power: bool) -> FloatArray:
    return tile.power if power else tile.magnitude


def _fold(spectrum: FloatArray, bank: FloatArray) -> FloatArray:
    raw = product(spectrum, bank)
    loudest = raw.max(axis=1, keepdims=True)
    return np.asarray(raw / np.where(loudest < _TINY, np.float32(1), loudest))


@lru_cache(maxsize=16)
def _bank(n_chroma: int, tuning: float, rate_hz: int, n_fft: int) -> FloatArray:
    bank = chroma_filterbank(n_chroma=n_chroma, tuning=tuning, sample_rate_hz=rate_hz, n_fft=n_fft)
    return np.ascontiguousarray(bank.T)
