"""Cutting sound into frames, and the analysis window that each is weighted by."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import Framing

FRAMES_PER_BLOCK: Final = 32
"""Frames that are always computed together.

Batch and stream alike work in blocks of this many frames, aligned to the first sample and padded
with zeros where the sound ends. A matrix product may round differently for another number of rows;
with one fixed shape a frame comes out the same to the last bit however the sound was cut.
"""


def n_frames_in(n_samples: int, framing: Framing) -> int:
    """Return how many frames `n_samples` of sound make; no sound makes none."""
    if not n_samples:
        return 0
    padded = n_samples + (0 if framing.padding == "none" else 2 * (framing.n_fft // 2))
    return max(0, 1 + (padded - framing.n_fft) // framing.hop_length)


def least_length(framing: Framing) -> int:
    """Return the samples of the shortest sound that makes a frame."""
    return framing.n_fft if framing.padding == "none" else 1


def block_length(framing: Framing) -> int:
    """Return the samples that `FRAMES_PER_BLOCK` frames span, gaps after frames too."""
    last = (FRAMES_PER_BLOCK - 1) * framing.hop_length
    return last + max(framing.n_fft, framing.hop_length)


def block_advance(framing: Framing) -> int:
    """Return the samples from one block to the next."""
    return FRAMES_PER_BLOCK * framing.hop_length


def pad_edges(samples: NDArray[np.float32], framing: Framing) -> NDArray[np.float32]:
    """Repeat the first and last sample half a frame long, as librosa's zero-crossing rate does."""
    return np.pad(samples, framing.n_fft // 2, mode="edge")


def pad_ends(samples: NDArray[np.float32], framing: Framing) -> NDArray[np.float32]:
    """Pad half a frame at both ends for centred frames, as `librosa.stft` does."""
    if framing.padding == "none":
        return samples
    half = framing.n_fft // 2
    if framing.padding == "constant":
        silence = np.zeros(half, np.float32)
        return np.concatenate([silence, samples, silence])  # a tenth of the time of np.pad
    return np.pad(samples, half, mode="reflect")


def analysis_window(framing: Framing) -> NDArray[np.float64]:
    """Return the periodic Hann window, centred in `n_fft` as `librosa.stft` centres it."""
    n = np.arange(framing.win_length)
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * n / framing.win_length)
    left = (framing.n_fft - framing.win_length) // 2
    return np.pad(hann, (left, framing.n_fft - framing.win_length - left))
