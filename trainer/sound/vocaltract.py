"""Another vocal tract for the same larynx: formants move, the pitch stays."""

from __future__ import annotations

import librosa
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_WINDOW_S = 0.032
_LONGEST_QUEFRENCY_S = 0.002
"""Ripples of the spectrum that are narrower than 1 / 2 ms are harmonics, not envelope."""
_LARGEST_GAIN_DB = 30.0
_FLOOR = 1e-7


def change_vocal_tract(samples: FloatArray, *, sample_rate_hz: int, factor: float) -> FloatArray:
    """Change the length of the vocal tract that the sound came through.

    The short-time spectrum's envelope, smoothed by its cepstrum, is stretched along the frequency;
    phases and harmonics stay where they are, and so does the mean power. This is vocal-tract length
    perturbation (Jaitly and Hinton, 2013) for the envelope alone.

    Parameters
    ----------
    samples : (n_samples,) float32 array
    sample_rate_hz : int
    factor : float
        New length over the old one; a formant at f Hz comes to lie at f / factor.

    Returns
    -------
    (n_samples,) float32 array
    """
    n_fft = 2 ** round(np.log2(_WINDOW_S * sample_rate_hz))
    padded = np.pad(samples, (0, max(0, n_fft - len(samples))))
    spectrum = librosa.stft(padded, n_fft=n_fft)
    envelope = _log_envelope(np.abs(spectrum), n_kept=round(_LONGEST_QUEFRENCY_S * sample_rate_hz))
    largest = _LARGEST_GAIN_DB / 20.0 * np.log(10.0)
    gain = np.clip(_stretched(envelope, factor=factor) - envelope, -largest, largest)
    changed = librosa.istft(spectrum * np.exp(gain), n_fft=n_fft, length=len(samples))
    return (changed * _level(samples, changed)).astype(np.float32)


def _log_envelope(magnitude: FloatArray, *, n_kept: int) -> NDArray[np.float64]:
    cepstrum = np.fft.irfft(np.log(np.maximum(magnitude, _FLOOR)), axis=0)
    cepstrum[n_kept : len(cepstrum) - n_kept + 1] = 0.0
    return np.fft.rfft(cepstrum, axis=0).real


def _stretched(envelope: NDArray[np.float64], *, factor: float) -> NDArray[np.float64]:
    """Move what stands at bin k to bin k / factor; beyond the last bin it stays as it ends."""
    last = len(envelope) - 1
    origin = np.minimum(np.arange(last + 1) * factor, last)
    below = np.minimum(origin.astype(int), last - 1)
    share = (origin - below)[:, None]
    return (1.0 - share) * envelope[below] + share * envelope[below + 1]


def _level(before: FloatArray, after: FloatArray) -> float:
    """Return the factor that gives `after` the power of `before`."""
    power = float(np.sum(np.square(after, dtype=np.float64)))
    return float(np.sqrt(np.sum(np.square(before, dtype=np.float64)) / power)) if power else 1.0
