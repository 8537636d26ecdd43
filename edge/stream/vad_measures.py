"""What the speech gate looks at: fourteen measures of each 32 ms frame, and their recent past.

Every number of a frame depends on that frame and those before it, never on how many were handed
over together: reductions run along one frame, and the memory is walked frame by frame.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FRAME_S = 0.032
BAND_EDGES_HZ = (120, 300, 500, 800, 1200, 1700, 2300, 3000, 3900)
"""Above mains hum, below the limit of 8 kHz sound."""
VOICE_LIMIT_HZ = 2000
"""Harmonics above it are too weak to help in finding a pitch."""
LOWEST_PITCH_HZ, HIGHEST_PITCH_HZ = 70, 400
LAG_FFT_LENGTH = 512
SELF_NOISE_DBFS = -85.0
"""White noise, 0 to 8 kHz, added on paper: digital silence looks like a quiet microphone."""
FAST_S, SLOW_S = 0.1, 0.6
"""Time constants of the memory: a syllable, a few words."""
N_FRAME_MEASURES = 4 + len(BAND_EDGES_HZ) - 1
N_MEASURES = N_FRAME_MEASURES + 2
N_FEATURES = 3 * N_MEASURES - 1


class FrameMeasures:
    """Measures of one frame at a time, seen through a Hann window of two frames.

    Parameters
    ----------
    sample_rate_hz : int
        Rate of the sound, 8000 to 48000.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self.frame_length = round(FRAME_S * sample_rate_hz)
        window_length = 2 * self.frame_length
        bin_hz = sample_rate_hz / window_length
        frequencies = np.arange(self.frame_length + 1) * bin_hz
        edges = np.searchsorted(frequencies, BAND_EDGES_HZ)
        self._edges = edges - edges[0]
        self._speech = slice(edges[0], edges[-1])
        self._voice = slice(edges[0], int(np.searchsorted(frequencies, VOICE_LIMIT_HZ)))
        window = np.hanning(window_length + 1)[:-1]
        self._window = window
        self._scale = 2 / (np.sum(window**2) * window_length)
        self._self_noise = 10 ** (SELF_NOISE_DBFS / 10) * bin_hz / 8000
        lag_rate_hz = LAG_FFT_LENGTH * bin_hz
        self._lags = slice(int(lag_rate_hz / HIGHEST_PITCH_HZ), int(lag_rate_hz / LOWEST_PITCH_HZ))
        self._window_lags = self._lag_correlation(_power(np.fft.rfft(window)))

    def measure(self, sound: Array) -> Array:
        """Return the measures of each frame but the first, which is only history.

        Parameters
        ----------
        sound : float64 array, shape ((n + 1) * frame_length,)

        Returns
        -------
        measures : float64 array, shape (n, N_FRAME_MEASURES)
            Level in bel re full scale (mean square, 120 to 3900 Hz), harmonicity 0 to 1, spectral
            entropy 0 to 1, pitch lag in octaves below 400 Hz, and eight band levels in bel re the
            whole.
        """
        steps = sound.reshape(-1, self.frame_length)
        power = self._density(np.concatenate([steps[:-1], steps[1:]], axis=1))
        speech = np.ascontiguousarray(power[:, self._speech])
        bands = np.add.reduceat(speech, self._edges[:-1], axis=1)
        total = np.add.reduce(bands, axis=1)
        measures = np.empty((len(power), N_FRAME_MEASURES))
        measures[:, 0] = np.log10(total)
        measures[:, 1], measures[:, 3] = self._pitch(power)
        measures[:, 2] = _entropy(speech)
        measures[:, 4:] = np.log10(bands / total[:, None])
        return measures

    def _density(self, frames: Array) -> Array:
        centred = frames - np.add.reduce(frames, axis=1)[:, None] / frames.shape[1]
        density = _power(np.fft.rfft(centred * self._window)) * self._scale
        return np.asarray(density + self._self_noise)

    def _pitch(self, power: Array) -> tuple[Array, Array]:
        """Return the highest normalised autocorrelation and where it is.

        The division by the window's own autocorrelation is that of P. Boersma (1993), "Accurate
        short-term analysis of the fundamental frequency".
        """
        voice = np.zeros((len(power), LAG_FFT_LENGTH // 2 + 1))
        voice[:, self._voice] = power[:, self._voice]
        correlation = self._lag_correlation(voice) / self._window_lags
        best = np.argmax(correlation, axis=1)
        lag = np.log2((best + self._lags.start) / self._lags.start)
        highest = correlation[np.arange(len(best)), best]
        return np.minimum(np.maximum(highest, 0), 1), lag

    def _lag_correlation(self, power: Array) -> Array:
        """Return the normalised autocorrelation at the lags of a voice."""
        correlation = np.fft.irfft(power[..., : LAG_FFT_LENGTH // 2 + 1], LAG_FFT_LENGTH)
        return correlation[..., self._lags] / correlation[..., :1]


def _power(spectrum: NDArray[np.complex128]) -> Array:
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float64)


def _entropy(power: Array) -> Array:
    """Return the entropy of a spectrum taken as a distribution, 1 for a flat one."""
    share = power / np.add.reduce(power, axis=1)[:, None]
    return np.asarray(np.add.reduce(share * np.log(share), axis=1) / -np.log(power.shape[1]))


class RecentPast:
    """Leaky averages of the measures: how the sound has been for a syllable and for a few words."""

    def __init__(self) -> None:
        self._fast_share = -math.expm1(-FRAME_S / FAST_S)
        self._slow_share = -math.expm1(-FRAME_S / SLOW_S)
        self.reset()

    def reset(self) -> None:
        """Forget everything; the next frame becomes the whole past."""
        self._last: Array | None = None

    def features(self, measures: Array) -> Array:
        """Return what the network sees of each frame.

        Parameters
        ----------
        measures : float64 array, shape (n, N_FRAME_MEASURES)

        Returns
        -------
        features : float64 array, shape (n, N_FEATURES)
            Fast averages (of the level: its excess over the slow one), slow averages (but that of
            the level, so that nothing depends on the gain of a microphone), slow deviations.
        """
        current = self._with_changes(measures)
        features = np.empty((len(measures), N_FEATURES))
        for row, values in zip(features, current, strict=True):
            self._remember(values)
            row[:N_MEASURES] = self._fast
            row[0] -= self._slow[0]
            row[N_MEASURES : 2 * N_MEASURES - 1] = self._slow[1:]
            row[2 * N_MEASURES - 1 :] = self._variance
        deviations = features[:, 2 * N_MEASURES - 1 :]
        np.sqrt(deviations, out=deviations)
        return features

    def _with_changes(self, measures: Array) -> Array:
        """Append how far the spectrum and the pitch have moved since the frame before."""
        if self._last is None:
            self._last = measures[0]
            self._fast, self._slow = np.zeros((2, N_MEASURES))
            self._fast[:N_FRAME_MEASURES] = self._slow[:N_FRAME_MEASURES] = self._last
            self._variance = np.zeros(N_MEASURES)
        change = np.abs(measures - np.concatenate([self._last[None], measures[:-1]]))
        self._last = measures[-1]
        current = np.empty((len(measures), N_MEASURES))
        current[:, :N_FRAME_MEASURES] = measures
        current[:, -2] = np.add.reduce(change[:, 4:], axis=1) / (N_FRAME_MEASURES - 4)
        current[:, -1] = np.minimum(change[:, 3], 1.0) * measures[:, 1]
        return current

    def _remember(self, values: Array) -> None:
        self._fast += self._fast_share * (values - self._fast)
        self._slow += self._slow_share * (values - self._slow)
        deviation = values - self._slow
        self._variance += self._slow_share * (deviation * deviation - self._variance)
