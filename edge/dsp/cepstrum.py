"""From power to decibels, and from decibels to cepstral coefficients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import Decibel


def power_to_db(power: NDArray[np.float32], decibel: Decibel) -> NDArray[np.float32]:
    """Return ``10 log10`` of the power, as `librosa.power_to_db` does.

    Parameters
    ----------
    power : ndarray, shape (n_frames, n), float32
        With ``ref="max"`` or a ``top_db`` this must be the whole clip.
    """
    amin = np.float32(decibel.amin)
    result = 10.0 * np.log10(np.maximum(power, amin))
    if decibel.ref == "max" and power.size:
        result -= 10.0 * np.log10(np.maximum(amin, power.max()))
    if decibel.top_db is not None and power.size:
        result = np.maximum(result, result.max() - np.float32(decibel.top_db))
    return np.asarray(result)


def dct_matrix(*, n_mels: int, n_mfcc: int) -> NDArray[np.float32]:
    """Return the orthonormal DCT-II as a matrix, shape (n_mels, n_mfcc)."""
    n, k = np.arange(n_mels)[:, None], np.arange(n_mfcc)[None, :]
    matrix = np.cos(np.pi * k * (2 * n + 1) / (2 * n_mels)) * np.sqrt(2.0 / n_mels)
    matrix[:, 0] /= np.sqrt(2.0)
    return np.asarray(matrix, np.float32)


def lifter_weights(*, n_mfcc: int, lifter: int) -> NDArray[np.float32]:
    """Return librosa's sinusoidal lifter, shape (n_mfcc,); ones where ``lifter`` is 0."""
    if lifter == 0:
        return np.ones(n_mfcc, np.float32)
    order = np.arange(1, n_mfcc + 1, dtype=np.float32)
    return np.asarray(1.0 + (lifter / 2.0) * np.sin(np.pi * order / lifter), np.float32)
