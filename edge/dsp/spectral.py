"""Shapes of the magnitude spectrum: centroid, bandwidth, roll-off, contrast and flatness."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import (
    Bandwidth,
    Centroid,
    Contrast,
    Decibel,
    FeatureSpec,
    Flatness,
    Rolloff,
)
from edge.dsp.cepstrum import power_to_db
from edge.dsp.tile import FloatArray, Stage, Tile

_TINY: Final = np.finfo(np.float32).tiny
_CONTRAST_DECIBEL: Final = Decibel(amin=1e-10, ref="one", top_db=80.0)

SpectralBlock = Centroid | Bandwidth | Rolloff | Contrast | Flatness


def stage(block: SpectralBlock, spec: FeatureSpec) -> Stage:
    """Return how a block of this family is computed."""
    bins_hz = np.fft.rfftfreq(spec.framing.n_fft, 1.0 / spec.sample_rate_hz)
    match block:
        case Contrast():
            project = partial(_peaks_and_valleys, bands=contrast_bands(block, bins_hz))
            finish = _linear_contrast if block.linear else _decibel_contrast
            return Stage(key=(block, "bands"), project=project, finish=finish)
        case Centroid():
            return Stage(key=block, project=lambda tile: _column(centroid(tile.magnitude, bins_hz)))
        case Bandwidth():
            return Stage(
                key=block, project=lambda tile: _column(bandwidth(tile.magnitude, bins_hz, block.p))
            )
        case Rolloff():
            return Stage(
                key=block,
                project=lambda tile: _column(rolloff(tile.magnitude, bins_hz, block.percent)),
            )
        case Flatness():
            return Stage(key=block, project=lambda tile: _column(_flatness(tile, block)))


def centroid(magnitude: FloatArray, bins_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centre of mass of each row, shape (n_frames,); 0 in silence."""
    return np.asarray((_shares(magnitude) * bins_hz).sum(axis=1))


def bandwidth(magnitude: FloatArray, bins_hz: NDArray[np.float64], p: float) -> NDArray[np.float64]:
    """Return the p-th root of the mean of ``|f - centroid|^p``, shape (n_frames,); 0 in silence."""
    deviation = np.abs(bins_hz - centroid(magnitude, bins_hz)[:, None])
    spread = (_shares(magnitude) * deviation**p).sum(axis=1)
    return np.asarray(spread ** (1.0 / p))


def rolloff(
    magnitude: FloatArray, bins_hz: NDArray[np.float64], percent: float
) -> NDArray[np.float64]:
    """Return the first frequency up to which a fraction of the sum lies; 0 in silence."""
    # Single precision, added bin by bin, as librosa does: it decides which of two bins it is.
    total = np.cumsum(magnitude, axis=1)
    reached = total >= np.float32(percent) * total[:, -1:]
    return np.asarray(bins_hz[reached.argmax(axis=1)])


def contrast_bands(block: Contrast, bins_hz: NDArray[np.float64]) -> list[tuple[slice, int]]:
    """Return the bins of each octave, and how many of them make its peak and its valley."""
    edges_hz = np.concatenate(([0.0], block.fmin_hz * 2.0 ** np.arange(block.n_bands + 1)))
    bands = []
    for i in range(block.n_bands + 1):
        inside = np.flatnonzero((bins_hz >= edges_hz[i]) & (bins_hz <= edges_hz[i + 1]))
        last = i == block.n_bands
        # librosa takes one bin more below, leaves one out above, and counts before it leaves.
        first, stop = inside[0] - (i > 0), len(bins_hz) if last else inside[-1] + 1
        n_extreme = max(1, int(np.rint(block.quantile * (stop - first))))
        bands.append((slice(first, stop if last else stop - 1), n_extreme))
    return bands


def _peaks_and_valleys(tile: Tile, *, bands: list[tuple[slice, int]]) -> FloatArray:
    """Return peaks then valleys, shape (n_frames, 2 * (n_bands + 1))."""
    ordered = [(np.sort(tile.magnitude[:, band], axis=1), n) for band, n in bands]
    peaks = [rows[:, -n:].mean(axis=1) for rows, n in ordered]
    valleys = [rows[:, :n].mean(axis=1) for rows, n in ordered]
    return np.stack([*peaks, *valleys], axis=1)


def _linear_contrast(extremes: FloatArray) -> FloatArray:
    peaks, valleys = np.split(extremes, 2, axis=1)
    return peaks - valleys


def _decibel_contrast(extremes: FloatArray) -> FloatArray:
    peaks, valleys = np.split(extremes, 2, axis=1)
    return power_to_db(peaks, _CONTRAST_DECIBEL) - power_to_db(valleys, _CONTRAST_DECIBEL)


def _flatness(tile: Tile, block: Flatness) -> NDArray[np.float64]:
    raised = np.maximum(np.float32(block.amin), tile.magnitude ** np.float32(block.power))
    geometric = np.exp(np.log(raised).mean(axis=1, dtype=np.float64))
    return np.asarray(geometric / raised.mean(axis=1, dtype=np.float64))


def _shares(magnitude: FloatArray) -> NDArray[np.float64]:
    total = magnitude.sum(axis=1, keepdims=True, dtype=np.float64)
    return np.asarray(magnitude / np.where(total < _TINY, 1.0, total))


def _column(values: NDArray[np.float64]) -> FloatArray:
    return values[:, None].astype(np.float32)
