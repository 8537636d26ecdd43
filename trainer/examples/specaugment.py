"""Augmentation of mel spectrograms, on the fly: windows cut, warped, mixed with background, masked.

Up to `mix_background` the functions work on mel *powers* (linear, so that sounds add up as in air);
the masks and `mixup` work on normalised windows as the network sees them. Axes are always (frame,
band), a batch comes first. Whatever is drawn at random comes from the generator that the caller
passes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.recipe.learning import Masks, SpecAugmentSettings

FloatArray = NDArray[np.float32]

_ROOM_STEP_DB = 5.0
_ROOM_FALL_DB = (-5.0, 25.0)


def voiced_span(power: FloatArray, *, below_peak_db: float) -> tuple[int, int]:
    """First frame, and frame after the last, that come within `below_peak_db` of the loudest frame.

    Parameters
    ----------
    power : (n_frames, n_bands) array
    below_peak_db : float
        In dB, positive.
    """
    level = power.sum(axis=1)
    loud = np.flatnonzero(level > level.max() * 10.0 ** (-below_peak_db / 10.0))
    return int(loud[0]), int(loud[-1]) + 1


def draw_start(
    span: tuple[int, int], *, length: float, settings: SpecAugmentSettings, rng: np.random.Generator
) -> float:
    """Where a window of `length` frames begins, so that enough of the voice in `span` lies in it.

    Parameters
    ----------
    span : tuple of int
        As `voiced_span` gives it.
    length : float
        Frames of the recording that the window covers.
    settings : SpecAugmentSettings
    rng : numpy.random.Generator

    Returns
    -------
    float
        Frame of the recording; may lie before its beginning.
    """
    first, end = span
    if rng.random() < settings.whole_probability:
        return rng.uniform(min(first, end - length), max(first, end - length))
    needed = min(end - first, settings.least_voice_frames)
    return rng.uniform(first + needed - length, end - needed)


def take_window(power: FloatArray, *, start: float, n_frames: int, tempo: float) -> FloatArray:
    """`n_frames` frames from `start` on, `tempo` times as fast; nothing outside the recording.

    Parameters
    ----------
    power : (n_recorded, n_bands) array
    start : float
        In frames of the recording.
    n_frames : int
    tempo : float

    Returns
    -------
    (n_frames, n_bands) array
    """
    position = start + tempo * np.arange(n_frames)
    before = np.floor(position).astype(int)
    share = (position - before).astype(np.float32)[:, np.newaxis]
    return _frames_at(power, before) * (1.0 - share) + _frames_at(power, before + 1) * share


def _frames_at(power: FloatArray, index: NDArray[np.intp]) -> FloatArray:
    inside = (index >= 0) & (index < len(power))
    return power[np.clip(index, 0, len(power) - 1)] * inside[:, np.newaxis]


def warp_matrix(centres_hz: NDArray[np.floating], *, factor: float) -> FloatArray:
    """Matrix that moves a mel spectrum from f to f / `factor`: `power @ warp_matrix(...)`.

    Parameters
    ----------
    centres_hz : (n_bands,) array
        Centre frequencies of the bands, in Hz, ascending.
    factor : float

    Returns
    -------
    (n_bands, n_bands) array
    """
    n_bands = len(centres_hz)
    source = np.interp(centres_hz * factor, centres_hz, np.arange(n_bands))
    below = np.floor(source).astype(int)
    above = np.minimum(below + 1, n_bands - 1)
    share = source - below
    matrix = np.zeros((n_bands, n_bands), np.float32)
    np.add.at(matrix, (below, np.arange(n_bands)), 1.0 - share)
    np.add.at(matrix, (above, np.arange(n_bands)), share)
    return matrix


def tilt_bands(
    power: FloatArray, *, tilt_db: float, n_points: int, rng: np.random.Generator
) -> FloatArray:
    """Colour a window with a smooth random response of at most `tilt_db`.

    Parameters
    ----------
    power : (n_frames, n_bands) array
    tilt_db : float
        In dB.
    n_points : int
        Support points of the response across the bands.
    rng : numpy.random.Generator

    Returns
    -------
    (n_frames, n_bands) array
    """
    n_bands = power.shape[1]
    gains_db = rng.uniform(-tilt_db, tilt_db, n_points)
    points = np.linspace(0, n_bands - 1, n_points)
    return power * _power_ratio(np.interp(np.arange(n_bands), points, gains_db))


def room_tone(n_frames: int, n_bands: int, rng: np.random.Generator) -> FloatArray:
    """Stationary noise with a random, mostly falling spectrum, straight in mel powers.

    Returns
    -------
    (n_frames, n_bands) array
        Power of arbitrary scale; `mix_background` rescales it.
    """
    n_points = 6
    walk = np.cumsum(rng.normal(0.0, _ROOM_STEP_DB, n_points))
    fall = np.linspace(0.0, -rng.uniform(*_ROOM_FALL_DB), n_points)
    points = np.linspace(0, n_bands - 1, n_points)
    spectrum_db = np.interp(np.arange(n_bands), points, walk + fall)
    return _power_ratio(spectrum_db) * rng.gamma(2.0, 0.5, (n_frames, n_bands)).astype(np.float32)


def mix_background(
    voice: FloatArray, background: FloatArray, *, snr_db: float, voice_level: float
) -> FloatArray:
    """Add a background so that the voice is `snr_db` above it on average.

    Parameters
    ----------
    voice, background : (n_frames, n_bands) arrays
    snr_db : float
        In dB.
    voice_level : float
        Mean over the voiced frames of the power summed over bands, of the whole recording, so that
        a window that shows little of the voice is not flooded.

    Returns
    -------
    (n_frames, n_bands) array
    """
    level = max(float(background.sum(axis=1).mean()), 1e-12)
    return voice + background * np.float32(voice_level / level * 10.0 ** (-snr_db / 10.0))


def mask(
    window: FloatArray, settings: Masks | SpecAugmentSettings, rng: np.random.Generator
) -> FloatArray:
    """Cover stripes of frames, then of bands, with the window's mean.

    Parameters
    ----------
    window : (n_frames, n_bands) array
    settings : Masks or SpecAugmentSettings
        How many masks, and how large they may be.
    rng : numpy.random.Generator

    Returns
    -------
    (n_frames, n_bands) array

    Notes
    -----
    Park DS et al. (2019) SpecAugment: a simple data augmentation method for automatic speech
    recognition. Interspeech.
    """
    fill = float(window.mean())
    covered = mask_frames(
        window,
        n_masks=settings.n_time_masks,
        longest=settings.longest_time_mask,
        fill=fill,
        rng=rng,
    )
    return mask_bands(
        covered,
        n_masks=settings.n_band_masks,
        widest=settings.widest_band_mask,
        fill=fill,
        rng=rng,
    )


def mask_frames(
    window: FloatArray, *, n_masks: int, longest: int, fill: float, rng: np.random.Generator
) -> FloatArray:
    """Blank up to `longest` consecutive frames, `n_masks` times.

    Parameters
    ----------
    window : (n_frames, n_bands) array
    n_masks, longest : int
    fill : float
        What the blanked part holds.
    rng : numpy.random.Generator

    Returns
    -------
    (n_frames, n_bands) array
    """
    masked = window.copy()
    for _ in range(n_masks):
        length = rng.integers(longest + 1)
        start = rng.integers(len(window) - length + 1)
        masked[start : start + length] = fill
    return masked


def mask_bands(
    window: FloatArray, *, n_masks: int, widest: int, fill: float, rng: np.random.Generator
) -> FloatArray:
    """Blank up to `widest` neighbouring bands, `n_masks` times; otherwise as `mask_frames`."""
    return mask_frames(window.T, n_masks=n_masks, longest=widest, fill=fill, rng=rng).T


def mixup(
    windows: FloatArray,
    targets: FloatArray,
    allowed: FloatArray,
    *,
    alpha: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Blend every window of a batch with another one; the stronger share stays the window's own.

    Parameters
    ----------
    windows : (n_windows, n_frames, n_bands) array
    targets : (n_windows, n_classes) array
        Wanted probabilities.
    allowed : (n_windows, n_classes) array
        1 where the window's corpus knows the class, else 0.
    alpha : float
        Parameter of the symmetric beta distribution, positive.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of arrays
        The same three; a blend knows the classes that either of its windows knows.
    """
    n_windows = len(windows)
    share = rng.beta(alpha, alpha, n_windows).astype(np.float32)
    share = np.maximum(share, 1.0 - share)
    other = rng.permutation(n_windows)
    per_class = share[:, np.newaxis]
    per_cell = share[:, np.newaxis, np.newaxis]
    return (
        windows * per_cell + windows[other] * (1.0 - per_cell),
        targets * per_class + targets[other] * (1.0 - per_class),
        np.maximum(allowed, allowed[other]),
    )


def _power_ratio(gain_db: NDArray[np.floating]) -> FloatArray:
    return (10.0 ** (gain_db / 10.0)).astype(np.float32)
