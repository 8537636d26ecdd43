"""Whether a take is any good, and whether the microphone stands where it should."""

from __future__ import annotations

import enum
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.dsp.level import SILENCE_DBFS, rms_dbfs
from trainer.studio.listening import LEAST_SPEECH_S, Take

FULL_SCALE: Final = 0.999
QUIETEST_DBFS: Final = -50.0
"""Speech below this is too quiet; 16 bits end at -98."""
LEAST_SNR_DB: Final = 6.0
QUIETEST_NOISE_DBFS: Final = -96.0
"""What exact silence counts as: the noise of 16 bits."""

PLACE_LOUDEST_PEAK_DBFS: Final = -10.0
"""Anger is about 10 dB louder than everyday speech: it needs the room."""
PLACE_QUIETEST_DBFS: Final = -45.0
"""Sadness is some dB quieter than everyday speech."""
PLACE_LEAST_SNR_DB: Final = 20.0


class Verdict(enum.StrEnum):
    """What is said about a take."""

    GOOD = "good"
    EMPTY = "empty"
    """No voice was heard."""
    SHORT = "short"
    """Hardly a word."""
    LOST = "lost"
    """The microphone lost sound within it."""
    LONG = "long"
    """It had to be ended for its length."""
    CLIPPED = "clipped"
    QUIET = "quiet"
    """Too quiet in itself, or hardly above the noise."""
    LOUD = "loud"
    """Everyday speech so loud that anger would clip."""
    NOISY = "noisy"
    """Good speech, but a loud room."""


def judge(take: Take, *, noise_dbfs: float) -> Verdict:
    """Return whether a take can be kept, or the first reason why not.

    Parameters
    ----------
    take : Take
    noise_dbfs : float
        RMS level of the background.
    """
    faults = {
        Verdict.EMPTY: not take.speech_s,
        Verdict.SHORT: take.speech_s < LEAST_SPEECH_S,
        Verdict.LOST: take.n_lost > 0,
        Verdict.LONG: take.is_too_long,
        Verdict.CLIPPED: has_flat_top(take.samples),
        Verdict.QUIET: take.speech_dbfs < QUIETEST_DBFS
        or snr_db(take.speech_dbfs, noise_dbfs=noise_dbfs) < LEAST_SNR_DB,
    }
    return next((verdict for verdict, is_so in faults.items() if is_so), Verdict.GOOD)


def judge_place(take: Take, *, noise_dbfs: float) -> Verdict:
    """Return whether microphone and room are right, by one sentence of everyday speech.

    Stricter than `judge`: the emotions to come are louder and quieter than that sentence.
    """
    verdict = judge(take, noise_dbfs=noise_dbfs)
    if verdict is not Verdict.GOOD:
        return verdict
    faults = {
        Verdict.LOUD: peak_dbfs(take.samples) > PLACE_LOUDEST_PEAK_DBFS,
        Verdict.NOISY: snr_db(take.speech_dbfs, noise_dbfs=noise_dbfs) < PLACE_LEAST_SNR_DB,
        Verdict.QUIET: take.speech_dbfs < PLACE_QUIETEST_DBFS,
    }
    return next((verdict for verdict, is_so in faults.items() if is_so), Verdict.GOOD)


def background_dbfs(samples: NDArray[np.float32]) -> float:
    """Return the level of the background without its constant part, shape (n,), n at least 1."""
    return max(QUIETEST_NOISE_DBFS, rms_dbfs(samples - samples.mean()))


def peak_dbfs(samples: NDArray[np.float32]) -> float:
    """Return the level of the highest peak; `SILENCE_DBFS` where there is none."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    return max(SILENCE_DBFS, 20.0 * math.log10(peak)) if peak > 0 else SILENCE_DBFS


def snr_db(speech_dbfs: float, *, noise_dbfs: float) -> float:
    """Return the signal-to-noise ratio; the speech level has the noise in it, which is taken off.

    At least -20 dB: below, nothing can be told from the difference.
    """
    noise = 10.0 ** (noise_dbfs / 10)
    signal = 10.0 ** (speech_dbfs / 10) - noise
    return 10.0 * math.log10(max(signal / noise, 0.01))


def has_flat_top(samples: NDArray[np.float32]) -> bool:
    """Return whether three neighbours are at full scale: a clipped peak, not a lucky hit."""
    at_limit = np.abs(samples) >= FULL_SCALE
    return bool(np.any(at_limit[:-2] & at_limit[1:-1] & at_limit[2:]))
