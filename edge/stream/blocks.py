"""What flows before it has a meaning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioBlock:
    """A stretch of sound from a source, in the source's own rate.

    The samples are read-only after creation: no consumer may change them.
    """

    samples: NDArray[np.float32]
    """Mono samples, shape (n,), full scale is [-1, 1)."""
    sample_rate_hz: int
    """Rate of the source; the pipeline resamples."""
    n_lost: int
    """Samples that the source knows to be missing right before this block (overflow)."""
