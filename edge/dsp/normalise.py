"""The normalisation of one window of features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import Norm, WindowMax, WindowStandard


def normalise(features: NDArray[np.float32], norm: Norm) -> NDArray[np.float32]:
    """Normalise a window of features, shape (n_frames, n_features), as the spec says."""
    if isinstance(norm, WindowMax):
        return _window_max(features, range_db=np.float32(norm.range_db))
    if isinstance(norm, WindowStandard):
        axis = 0 if norm.over == "time" else None
        mean = features.mean(axis=axis, dtype=np.float64)
        deviation = np.maximum(features.std(axis=axis, dtype=np.float64), norm.floor)
        return ((features - mean) / deviation).astype(np.float32)
    return features


def _window_max(features: NDArray[np.float32], *, range_db: np.float32) -> NDArray[np.float32]:
    below = np.maximum(features - features.max(initial=-np.inf), -range_db)
    return 1.0 + below * (np.float32(2.0) / range_db)
