"""What is measured on the samples themselves: zero crossings and RMS."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import Rms, ZeroCrossings
from edge.dsp.framing import FRAMES_PER_BLOCK
from edge.dsp.tile import FloatArray, Stage, Tile


def stage(block: ZeroCrossings | Rms) -> Stage:
    """Return how a block of this family is computed."""
    if isinstance(block, Rms):
        return Stage(key=block, project=rms)
    return Stage(key=block, project=partial(_crossing_rate, block=block), needs_edges=True)


def rms(tile: Tile) -> FloatArray:
    """Return the root mean square of each frame, shape (n_frames, 1)."""
    squares = np.square(tile.frames)
    return np.asarray(np.sqrt(squares.mean(axis=1, keepdims=True)), np.float32)


def signs(
    samples: NDArray[np.float64], *, threshold: float, zero_pos: bool
) -> NDArray[np.bool_] | NDArray[np.float64]:
    """Return what a change of which is a zero crossing, shape (n,)."""
    audible = np.abs(samples) > threshold
    if zero_pos:
        return np.signbit(samples) & audible
    return np.sign(samples) * audible


def _crossing_rate(tile: Tile, *, block: ZeroCrossings) -> FloatArray:
    """Return the crossings within each frame over its length, shape (n_frames, 1)."""
    sign = signs(tile.edged, threshold=block.threshold, zero_pos=block.zero_pos)
    n_before = np.concatenate(([0], np.cumsum(sign[1:] != sign[:-1])))
    starts = tile.framing.hop_length * np.arange(FRAMES_PER_BLOCK)
    n_crossings = n_before[starts + tile.framing.n_fft - 1] - n_before[starts]
    return np.asarray((n_crossings / tile.framing.n_fft)[:, None], np.float32)
