"""Levels of sound."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

SILENCE_DBFS: Final = -120.0
"""The level that exact silence is given."""


def rms_dbfs(samples: NDArray[np.float32]) -> float:
    """Return the RMS level in dB below full scale (a full-scale square wave has 0)."""
    if not len(samples):
        return SILENCE_DBFS
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(SILENCE_DBFS, 10.0 * np.log10(power)) if power > 0 else SILENCE_DBFS
