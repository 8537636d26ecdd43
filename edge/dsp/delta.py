"""Deltas: slope and curvature over time, by a least-squares fit (Savitzky and Golay 1964)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import Delta
from edge.dsp.tile import FloatArray


def delta(features: FloatArray, block: Delta) -> FloatArray:
    """Return the derivative of features, shape (n_frames, n), over time, in units per frame.

    A line (``order=1``) or parabola (``order=2``) is fitted to each ``block.width`` frames. At the
    ends the derivative of the first and of the last fit holds: a polynomial's highest derivative is
    constant. With too few frames for a fit, the outer ones are repeated.
    """
    half = block.width // 2
    short = len(features) < block.width
    padded = np.pad(features, ((half, half), (0, 0)), mode="edge") if short else features
    inner = _slide(padded, fit_weights(width=block.width, order=block.order))
    result = inner if short else np.pad(inner, ((half, half), (0, 0)), mode="edge")
    return result.astype(np.float32)


def fit_weights(*, width: int, order: int) -> NDArray[np.float64]:
    """Return the weights, shape (width,), that give the derivative in the middle of the fit."""
    place = np.arange(width) - width // 2
    if order == 1:
        return np.asarray(place / np.square(place).sum())
    # The quadratic that is orthogonal to constants and lines.
    curve = np.square(place) - np.square(place).mean()
    return np.asarray(2.0 * curve / (curve @ np.square(place)))


def _slide(rows: FloatArray, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    n = max(0, len(rows) - len(weights) + 1)
    total = np.zeros((n, rows.shape[1]))
    for first, weight in enumerate(weights):
        total += weight * rows[first : first + n]
    return total
