"""Other voices for the fit of the speech gate, made from the few whose recordings are free.

Played faster or slower a voice becomes a smaller or larger person's; its formants, its balance of
highs and lows and its voicing change apart from that, so that the network hears children and
giants, flat and sharp microphones, shouts and whispers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import istft, resample_poly, stft

from benchmarks.gate_material import RATE_HZ, Samples, truth_of

FFT_LENGTH, OVERLAP = 512, 384
N_CEPSTRUM = 30
"""Coefficients of the cepstrum that make the envelope: finer than formants, coarser than pitch."""
WHISPER_SHARE = 0.1


def other_voice(clip: Samples, rng: np.random.Generator) -> tuple[Samples, NDArray[np.bool_]]:
    """Return a clean clip in a changed voice, and where it holds speech, every 10 ms."""
    resized = np.asarray(resample_poly(clip, 20, int(rng.integers(15, 29))))
    truth = truth_of(resized)
    spectrum = _spectrum(resized)
    envelope = _envelope(spectrum)
    wanted = envelope[_bins_before(rng.uniform(0.85, 1.2))] * _equaliser(rng)[:, None]
    source = spectrum / envelope
    if rng.random() < WHISPER_SHARE:
        source = _spectrum(rng.normal(size=len(resized)))
    _, changed = istft(source * wanted, RATE_HZ, nperseg=FFT_LENGTH, noverlap=OVERLAP)
    return np.asarray(changed[: len(resized)], np.float64), truth


def _spectrum(sound: Samples) -> NDArray[np.complex128]:
    _, _, spectrum = stft(sound, RATE_HZ, nperseg=FFT_LENGTH, noverlap=OVERLAP)
    return np.asarray(spectrum)


def _envelope(spectrum: NDArray[np.complex128]) -> NDArray[np.float64]:
    cepstrum = np.fft.irfft(np.log(np.abs(spectrum) + 1e-6), axis=0)
    cepstrum[N_CEPSTRUM : FFT_LENGTH - N_CEPSTRUM + 1] = 0
    return np.asarray(np.exp(np.fft.rfft(cepstrum, axis=0).real))


def _bins_before(ratio: float) -> NDArray[np.int64]:
    """Return from which bin each bin comes when all frequencies are multiplied by a ratio."""
    bins = np.arange(FFT_LENGTH // 2 + 1)
    return np.minimum(np.rint(bins / ratio), bins[-1]).astype(np.int64)


def _equaliser(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a gain for each bin, up to 9 dB either way, smooth over octaves."""
    octaves = np.log2(np.maximum(np.arange(FFT_LENGTH // 2 + 1), 1))
    gains_db = np.interp(octaves, np.arange(0, 9, 2), rng.uniform(-9, 9, size=5))
    return np.asarray(10 ** (gains_db / 20))
