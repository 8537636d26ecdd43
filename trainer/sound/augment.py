"""Waveform augmentation: the same words, another throat, another room, another microphone.

Every function takes samples and returns samples. Whatever is drawn at random comes from the
generator that the caller passes; nothing here knows a corpus, a label or a file. Noise is not added
here but to the mel powers (`trainer.examples.specaugment.mix_background`), where every epoch can
have a fresh one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, resample_poly

FloatArray = NDArray[np.float32]

_SPEED_DENOMINATOR = 50
_LOWEST_EQUALISER_HZ = 50.0


@dataclass(frozen=True, kw_only=True)
class AugmentSettings:
    """How far one augmented copy may stray from the recording.

    Attributes
    ----------
    speed_range : tuple of float
        Bounds of the playback speed; above 1 is faster and higher.
    reverb_probability : float
        Share of the copies that are put into a room.
    measured_reverb_probability : float
        Share of those rooms that are measured; the others are synthetic.
    t60_range_s : tuple of float
        Bounds of a synthetic room's reverberation time, in seconds.
    direct_to_reverb_range_db : tuple of float
        Bounds of a synthetic room's ratio of direct to reverberant energy, in dB.
    equaliser_range_db : tuple of float
        Bounds of the gain at each support point of the microphone's response, in dB.
    n_equaliser_points : int
        Support points of that response, spaced evenly in octaves.
    """

    speed_range: tuple[float, float]
    reverb_probability: float
    measured_reverb_probability: float
    t60_range_s: tuple[float, float]
    direct_to_reverb_range_db: tuple[float, float]
    equaliser_range_db: tuple[float, float]
    n_equaliser_points: int


def change_speed(y: FloatArray, *, factor: float) -> FloatArray:
    """Play `y` faster (`factor` > 1) or slower; pitch and formants move along.

    Parameters
    ----------
    y : (n_samples,) array
    factor : float
        Rounded to a ratio with a denominator of at most 50.

    Returns
    -------
    (about n_samples / factor,) array
    """
    ratio = Fraction(factor).limit_denominator(_SPEED_DENOMINATOR)
    return resample_poly(y, ratio.denominator, ratio.numerator).astype(np.float32)


def synthetic_room(
    *, sr: int, t60_s: float, direct_to_reverb_db: float, rng: np.random.Generator
) -> FloatArray:
    """Impulse response of a made-up room: one direct pulse, then exponentially dying noise.

    Parameters
    ----------
    sr : int
        Sample rate in Hz.
    t60_s : float
        Time in which the tail loses 60 dB, in seconds.
    direct_to_reverb_db : float
        Energy of the pulse over the energy of the tail, in dB.
    rng : numpy.random.Generator

    Returns
    -------
    (t60_s * sr,) array
    """
    n_samples = max(2, int(t60_s * sr))
    decay = 10.0 ** (-3.0 * np.arange(n_samples) / n_samples)
    response = rng.standard_normal(n_samples) * decay
    response[0] = 0.0
    response *= 10.0 ** (-direct_to_reverb_db / 20.0) / np.linalg.norm(response)
    response[0] = 1.0
    return response.astype(np.float32)


def reverberate(y: FloatArray, *, response: FloatArray) -> FloatArray:
    """`y` as heard in a room; length, and position of the direct sound, stay.

    Parameters
    ----------
    y : (n_samples,) array
    response : (n_response,) array
        Impulse response of the room; its largest sample counts as the direct sound.

    Returns
    -------
    (n_samples,) array
    """
    direct = int(np.argmax(np.abs(response)))
    wet = fftconvolve(y, response)[direct : direct + len(y)]
    return (wet / np.linalg.norm(response)).astype(np.float32)


def equalise(y: FloatArray, *, sr: int, gains_db: NDArray[np.floating]) -> FloatArray:
    """Colour `y` with a smooth frequency response, as another microphone would.

    Parameters
    ----------
    y : (n_samples,) array
    sr : int
        Sample rate in Hz.
    gains_db : (n_points,) array
        Gains in dB at points spaced evenly in octaves from 50 Hz to `sr` / 2, linear in between.

    Returns
    -------
    (n_samples,) array
    """
    points = np.geomspace(_LOWEST_EQUALISER_HZ, sr / 2, len(gains_db))
    frequencies = np.maximum(np.fft.rfftfreq(len(y), 1.0 / sr), _LOWEST_EQUALISER_HZ)
    response_db = np.interp(np.log(frequencies), np.log(points), gains_db)
    spectrum = np.fft.rfft(y) * 10.0 ** (response_db / 20.0)
    return np.fft.irfft(spectrum, len(y)).astype(np.float32)


def draw_room(
    *,
    sr: int,
    measured: Sequence[FloatArray],
    settings: AugmentSettings,
    rng: np.random.Generator,
) -> FloatArray:
    """Impulse response of a measured room or, if drawn so or none was measured, of a synthetic one.

    Parameters
    ----------
    sr : int
        Sample rate in Hz, also of `measured`.
    measured : sequence of (n_response,) arrays
    settings : AugmentSettings
    rng : numpy.random.Generator

    Returns
    -------
    (n_response,) array
    """
    if measured and rng.random() < settings.measured_reverb_probability:
        return measured[rng.integers(len(measured))]
    return synthetic_room(
        sr=sr,
        t60_s=rng.uniform(*settings.t60_range_s),
        direct_to_reverb_db=rng.uniform(*settings.direct_to_reverb_range_db),
        rng=rng,
    )


def augment(
    y: FloatArray,
    *,
    sr: int,
    rooms: Sequence[FloatArray],
    settings: AugmentSettings,
    rng: np.random.Generator,
) -> FloatArray:
    """One augmented copy of a recording: speed, then room, then microphone.

    Parameters
    ----------
    y : (n_samples,) array
    sr : int
        Sample rate in Hz, also of `rooms`.
    rooms : sequence of (n_response,) arrays
        Measured impulse responses; may be empty.
    settings : AugmentSettings
    rng : numpy.random.Generator

    Returns
    -------
    (n_samples / speed,) array
    """
    y = change_speed(y, factor=rng.uniform(*settings.speed_range))
    if rng.random() < settings.reverb_probability:
        y = reverberate(y, response=draw_room(sr=sr, measured=rooms, settings=settings, rng=rng))
    gains_db = rng.uniform(*settings.equaliser_range_db, settings.n_equaliser_points)
    return equalise(y, sr=sr, gains_db=gains_db)
