"""The normalisation of one window of features."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import (
    Norm,
    RunningStandard,
    SubtractMax,
    WindowMax,
    WindowStandard,
)


class RunningMoments:
    """Mean and variance of each feature over the frames so far, slowly forgetting."""

    def __init__(self, norm: RunningStandard) -> None:
        self._norm = norm
        self._n_seen = 0
        self._mean: NDArray[np.float64] = np.zeros(1)
        self._variance: NDArray[np.float64] = np.zeros(1)

    def fork(self) -> RunningMoments:
        """Return another that has seen the same and goes its own way."""
        return copy.copy(self)

    def push(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalise the next frames, shape (n, n_features), each by what came up to it."""
        return np.array([self._follow(frame) for frame in frames], np.float32).reshape(frames.shape)

    def _follow(self, frame: NDArray[np.float32]) -> NDArray[np.float64]:
        self._n_seen += 1
        weight = 1.0 / min(self._n_seen, self._norm.n_frames)
        # West 1979, with a weight that stops falling.
        before = frame - self._mean
        self._mean = self._mean + weight * before
        after = frame - self._mean
        self._variance = self._variance + weight * (before * after - self._variance)
        return np.asarray(after / np.maximum(np.sqrt(self._variance), self._norm.floor))


def normalise(features: NDArray[np.float32], norm: Norm) -> NDArray[np.float32]:
    """Normalise a window of features, shape (n_frames, n_features), as the spec says."""
    match norm:
        case WindowMax():
            return _window_max(features, range_db=np.float32(norm.range_db))
        case SubtractMax():
            sizes = features if norm.maximum == "value" else np.abs(features)
            return np.asarray(sizes.max(initial=-np.inf) - features)
        case WindowStandard():
            return _window_standard(features, norm)
        case RunningStandard():
            return RunningMoments(norm).push(features)
        case _:
            return features


def _window_standard(features: NDArray[np.float32], norm: WindowStandard) -> NDArray[np.float32]:
    axis = 0 if norm.over == "time" else None
    mean = features.mean(axis=axis, dtype=np.float64)
    deviation = np.maximum(features.std(axis=axis, dtype=np.float64), norm.floor)
    return np.asarray((features - mean) / deviation, np.float32)


def _window_max(features: NDArray[np.float32], *, range_db: np.float32) -> NDArray[np.float32]:
    below = np.maximum(features - features.max(initial=-np.inf), -range_db)
    return np.asarray(1.0 + below * (np.float32(2.0) / range_db))
