"""The mel scale and its filter bank, as `librosa.filters.mel` defines them."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import MelBank

Scale = Literal["slaney", "htk"]

# Slaney's Auditory Toolbox (1998): linear below 1 kHz, logarithmic above.
_SLANEY_HZ_PER_MEL: Final = 200.0 / 3.0
_SLANEY_KNEE_HZ: Final = 1000.0
_SLANEY_KNEE_MEL: Final = _SLANEY_KNEE_HZ / _SLANEY_HZ_PER_MEL
_SLANEY_LOG_STEP: Final = np.log(6.4) / 27.0


def hz_to_mel(frequency_hz: NDArray[np.float64], *, scale: Scale) -> NDArray[np.float64]:
    """Convert Hertz to mels (O'Shaughnessy's formula for ``"htk"``)."""
    if scale == "htk":
        return np.asarray(2595.0 * np.log10(1.0 + frequency_hz / 700.0))
    above = np.maximum(frequency_hz, _SLANEY_KNEE_HZ)
    logarithmic = _SLANEY_KNEE_MEL + np.log(above / _SLANEY_KNEE_HZ) / _SLANEY_LOG_STEP
    linear = frequency_hz / _SLANEY_HZ_PER_MEL
    return np.where(frequency_hz >= _SLANEY_KNEE_HZ, logarithmic, linear)


def mel_to_hz(mels: NDArray[np.float64], *, scale: Scale) -> NDArray[np.float64]:
    """Convert mels to Hertz; inverse of `hz_to_mel`."""
    if scale == "htk":
        return 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    above = np.maximum(mels, _SLANEY_KNEE_MEL)
    logarithmic = _SLANEY_KNEE_HZ * np.exp(_SLANEY_LOG_STEP * (above - _SLANEY_KNEE_MEL))
    return np.where(mels >= _SLANEY_KNEE_MEL, logarithmic, mels * _SLANEY_HZ_PER_MEL)


def mel_edges_hz(bank: MelBank) -> NDArray[np.float64]:
    """Return the ``n_mels + 2`` corner frequencies of the triangles, in Hertz."""
    ends = hz_to_mel(np.array([bank.fmin_hz, bank.fmax_hz]), scale=bank.scale)
    return mel_to_hz(np.linspace(ends[0], ends[1], bank.n_mels + 2), scale=bank.scale)


def mel_filterbank(bank: MelBank, *, sample_rate_hz: int, n_fft: int) -> NDArray[np.float32]:
    """Return the weights, shape (n_mels, 1 + n_fft // 2).

    ``norm="slaney"`` gives each triangle the area of one; see `librosa.filters.mel`.
    """
    bins_hz = np.fft.rfftfreq(n_fft, 1.0 / sample_rate_hz)
    edges_hz = mel_edges_hz(bank)
    widths_hz = np.diff(edges_hz)
    ramps = edges_hz[:, None] - bins_hz[None, :]
    rising = -ramps[:-2] / widths_hz[:-1, None]
    falling = ramps[2:] / widths_hz[1:, None]
    # librosa rounds the triangles to float32 before it scales them; so do we, to the last bit.
    weights = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    if bank.norm == "slaney":
        weights *= (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, None]
    return np.asarray(weights)
