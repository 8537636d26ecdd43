"""Sounds without a voice, made from nothing but a seed: what `non_voice` is learnt from.

Noises, mains hum, clicks, beeps and three kinds of simple music. They stand beside recorded noises,
not in their place. Every maker takes `(n_samples, sr, rng)` and returns a float32 array of
`n_samples` with a peak of 1; `synthesise` draws one or two of them and lays them over a floor of
faint noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

FloatArray = NDArray[np.float32]
Maker = Callable[[int, int, np.random.Generator], FloatArray]

_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_CHORDS = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 3, 7, 10), (0, 7))


def _peak_normalised(y: NDArray[np.floating]) -> FloatArray:
    return (y / max(float(np.max(np.abs(y))), 1e-9)).astype(np.float32)


def _midi_to_hz(note: float) -> float:
    return 440.0 * 2.0 ** ((note - 69.0) / 12.0)


def _add_at(y: NDArray[np.floating], start: int, event: NDArray[np.floating]) -> None:
    """Add `event` to `y` in place from sample `start` on, as far as it fits."""
    room = len(y) - start
    y[start : start + len(event)] += event[:room]


def _decay(n_samples: int, sr: int, *, t60_s: float) -> NDArray[np.floating]:
    return 10.0 ** (-3.0 * np.arange(n_samples) / (t60_s * sr))


def coloured_noise(n_samples: int, *, exponent: float, rng: np.random.Generator) -> FloatArray:
    """Stationary noise whose power falls as 1 / f ** `exponent` (0 white, 1 pink, 2 brown).

    Parameters
    ----------
    n_samples : int
    exponent : float
    rng : numpy.random.Generator

    Returns
    -------
    (n_samples,) array
    """
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    shape = np.maximum(np.arange(len(spectrum)), 1.0) ** (-exponent / 2.0)
    return _peak_normalised(np.fft.irfft(spectrum * shape, n_samples))


def steady_noise(n_samples: int, sr: int, rng: np.random.Generator) -> FloatArray:
    """White to brown noise, half of the time band-limited: a fan, a tap, a road."""
    y = coloured_noise(n_samples, exponent=rng.uniform(-0.5, 2.2), rng=rng)
    if rng.random() < 0.5:
        low = rng.uniform(60.0, sr / 4)
        high = min(low * rng.uniform(2.0, 10.0), 0.49 * sr)
        y = sosfilt(butter(2, (low, high), btype="band", fs=sr, output="sos"), y)
    return _peak_normalised(y)


def moving_noise(n_samples: int, sr: int, rng: np.random.Generator) -> FloatArray:
    """Noise that swells and fades: wind, waves, passing cars, rustling."""
    n_points = max(4, int(n_samples / sr * rng.uniform(1.0, 8.0)))
    levels_db = rng.uniform(-35.0, 0.0, n_points)
    envelope_db = np.interp(np.linspace(0, n_points - 1, n_samples), range(n_points), levels_db)
    return _peak_normalised(steady_noise(n_samples, sr, rng) * 10.0 ** (envelope_db / 20.0))


def hum(n_samples: int, sr: int, rng: np.random.Generator) -> FloatArray:
    """Mains or motor hum: a low tone with many weak harmonics."""
    fundamental = rng.choice([50.0, 60.0, 100.0, 120.0, rng.uniform(30.0, 200.0)])
    t = np.arange(n_samples) / sr
    y = np.zeros(n_samples)
    slope = rng.uniform(0.5, 2.5)
    for harmonic in range(1, min(30, int(0.45 * sr / fundamental)) + 1):
        level = rng.uniform(0.1, 1.0) / harmonic**slope
        y += level * np.sin(2 * np.pi * (fundamental * harmonic * t + rng.random()))
    return _peak_normalised(y)


def clicks(n_samples: int, sr: int, rng: np.random.Generator) -> FloatArray:
    """Ticks, knocks and clatter: short resonant bursts, regular or not."""
    y = np.zeros(n_samples)
    n_clicks = int(n_samples / sr * rng.uniform(0.5, 12.0)) + 1
    starts = np.linspace(0, n_samples - 1, n_clicks)
    if rng.random() < 0.5:
        starts = rng.uniform(0, n_samples - 1, n_clicks)
    length = int(sr * rng.uniform(0.01, 0.15))
    resonance = rng.uniform(100.0, 0.45 * sr)
    t = np.arange(length) / sr
    for start in starts:
        ring = np.sin(2 * np.pi * resonance * rng.uniform(0.95, 1.05) * t)
        burst = (ring + rng.standard_normal(length)) * _decay(length, sr, t60_s=length / sr)
        _add_at(y, int(start), burst * rng.uniform(0.2, 1.0))
    return _peak_normalised(y)


def beeps(n_samples: int, sr: int, rng: np.random.Generator) -> FloatArray:
    """Alarms, rings and sweeps: one tone, gated, gliding or both."""
    t = np.arange(n_samples) / sr
    base = np.exp(rng.uniform(np.log(200.0), np.log(4000.0)))
    glide = rng.choice([0.0, rng.uniform(0.05, 0.5)])
    rate = rng.uniform(0.3, 8.0)
    frequency = base * (1.0 + glide * np.sin(2 * np.pi * rate * t))
    phase = 2 * np.pi * np.cumsum(frequency) / sr
    y = np.sin(phase) + rng.uniform(0.0, 0.5) * np.sin(3 * phase)
    if rng.random() < 0.6:
        y *= np.sin(2 * np.pi * rng.uniform(0.5, 6.0) * t + rng.uniform(0.0, 6.0)) > 0
    return _peak_normalised(y)


def _note_organ(n: int, sr: int, hz: float, rng: np.random.Generator) -> NDArray[np.floating]:
    t = np.arange(n) / sr
    tone = sum(
        np.sin(2 * np.pi * hz * h * t) * rng.uniform(0.2, 1.0) / h
        for h in range(1, 9)
        if hz * h < 0.45 * sr
    )
    attack = np.minimum(1.0, t / rng.uniform(0.005, 0.1))
    return tone * attack * _decay(n, sr, t60_s=rng.uniform(1.0, 8.0))


def _note_plucked(n: int, sr: int, hz: float, rng: np.random.Generator) -> NDArray[np.floating]:
    """Karplus-Strong string: a burst of noise going round in a damped delay line."""
    period = max(2, int(sr / hz))
    burst = np.zeros(n)
    burst[:period] = rng.standard_normal(min(period, n))
    damping = 0.5 * rng.uniform(0.985, 0.999)
    feedback = np.zeros(period + 2)
    feedback[0], feedback[period], feedback[period + 1] = 1.0, -damping, -damping
    return lfilter([1.0], feedback, burst)


def _melody(
    n_samples: int,
    sr: int,
    rng: np.random.Generator,
    note: Callable[[int, int, float, np.random.Generator], NDArray[np.floating]],
) -> FloatArray:
    """Chords and single notes of one scale in a steady beat."""
    y = np.zeros(n_samples)
    beat = int(sr * rng.uniform(0.12, 0.8))
    root = rng.integers(36, 72)
    for start in range(0, n_samples, beat):
        if rng.random() < 0.15:
            continue
        degree = root + rng.choice(_MAJOR) + 12 * rng.integers(0, 2)
        chord = _CHORDS[rng.integers(len(_CHORDS))] if rng.random() < 0.4 else (0,)
        n_note = min(int(beat * rng.uniform(0.8, 3.0)), n_samples - start)
        for interval in chord:
            _add_at(y, start, note(n_note, sr, _midi_to_hz(degree + interval), rng))
    return _peak_normalised(y)


def organ_music(n_samples: int, sr: int, rng: np.random.Generator) -> FloatArray:
    """Melody and chords of additive tones: organ, electric piano, synthesiser."""
    return _melody(n_samples, sr, rng, _note_organ)


def plucked_music(n_samples: int, sr: int, rng: np.random.Generator) -> FloatArray:
    """Melody and chords of plucked strings."""
    return _melody(n_samples, sr, rng, _note_plucked)


def drums(n_samples: int, sr: int, rng: np.random.Generator) -> FloatArray:
    """A drum pattern: falling low tones and bursts of noise on a grid."""
    y = np.zeros(n_samples)
    step = int(sr * rng.uniform(0.1, 0.3))
    length = int(0.3 * sr)
    t = np.arange(length) / sr
    for start in range(0, n_samples, step):
        if rng.random() < 0.4:
            pitch = rng.uniform(50.0, 180.0) * (1.0 + 2.0 * np.exp(-t * 40.0))
            tone = np.sin(2 * np.pi * np.cumsum(pitch) / sr)
            _add_at(y, start, tone * _decay(length, sr, t60_s=rng.uniform(0.1, 0.4)))
        if rng.random() < 0.5:
            hiss = rng.standard_normal(length) * _decay(length, sr, t60_s=rng.uniform(0.03, 0.3))
            _add_at(y, start, rng.uniform(0.2, 0.8) * hiss)
    return _peak_normalised(y)


MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        "steady_noise": steady_noise,
        "moving_noise": moving_noise,
        "hum": hum,
        "clicks": clicks,
        "beeps": beeps,
        "organ_music": organ_music,
        "plucked_music": plucked_music,
        "drums": drums,
    }
)


def synthesise(*, n_samples: int, sr: int, rng: np.random.Generator) -> FloatArray:
    """One or two makers laid over each other, above a floor of noise 20 to 80 dB down.

    Parameters
    ----------
    n_samples : int
    sr : int
        Sample rate in Hz.
    rng : numpy.random.Generator

    Returns
    -------
    (n_samples,) array
        Peak 1.
    """
    names = rng.choice(list(MAKERS), size=rng.integers(1, 3), replace=False)
    y = coloured_noise(n_samples, exponent=rng.uniform(0.0, 2.0), rng=rng)
    y *= 10.0 ** (rng.uniform(-80.0, -20.0) / 20.0)
    for name in names:
        y += MAKERS[name](n_samples, sr, rng) * 10.0 ** (rng.uniform(-20.0, 0.0) / 20.0)
    return _peak_normalised(y)
