"""The speech gate: which stretches of sound hold a voice at all.

Silence, noise and music must not become an emotion. A small network, with the weights in
`vad_weights`, judges each 32 ms frame by its level, harmonicity and spectral shape and by how these
moved during the last second; hysteresis and a hangover make stretches of the judgements. How it
was chosen, and how often it errs: docs/speech-gate.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from edge.contract.tables import Range
from edge.errors import SpecError
from edge.stream import vad_weights
from edge.stream.vad_measures import FRAME_S, FrameMeasures, RecentPast

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8000, 48000
BATCH_FRAMES = 250
"""Frames worked on at once, so that an hour in one piece needs no gigabytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GateSettings:
    """How sure the gate must be. The defaults are those measured in docs/speech-gate.md."""

    enter_probability: Annotated[float, Range(0.01, 0.99)] = 0.3
    """Probability of speech, 0 to 1, at which a stretch of speech begins."""
    leave_probability: Annotated[float, Range(0.01, 0.99)] = 0.15
    """Probability of speech below which a frame counts towards the end; at most the other one."""
    hangover_s: Annotated[float, Range(0.0, 2.0)] = 0.2
    """Seconds for which a stretch of speech goes on after its last frame of speech."""
    lowest_level_dbfs: Annotated[float, Range(-85.0, 0.0)] = -80.0
    """Frames with less than this mean level between 120 and 3900 Hz are never speech."""

    def __post_init__(self) -> None:
        if self.leave_probability > self.enter_probability:
            raise ValueError(
                f"leave_probability is {self.leave_probability:g}, above enter_probability "
                f"({self.enter_probability:g}); make it at most that"
            )


DEFAULT_GATE = GateSettings()


class SpeechGate:
    """Marks frames of a stream as speech or not; any division into pushes gives the same flags.

    Parameters
    ----------
    sample_rate_hz : int
        Rate of the samples, 8000 to 48000. Only sound below 3900 Hz is looked at.
    settings : GateSettings
        Thresholds.

    Raises
    ------
    SpecError
        When the rate is out of bounds.
    """

    def __init__(self, sample_rate_hz: int, settings: GateSettings = DEFAULT_GATE) -> None:
        if not LOWEST_RATE_HZ <= sample_rate_hz <= HIGHEST_RATE_HZ:
            raise SpecError(
                f"the sample rate is {sample_rate_hz} Hz, but the speech gate works from "
                f"{LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz; choose a model with such a rate"
            )
        self._measures = FrameMeasures(sample_rate_hz)
        self.frame_length = self._measures.frame_length
        self._past = RecentPast()
        self._stretch = _Stretch(settings)
        self._lowest_level = settings.lowest_level_dbfs / 10
        self.reset()

    def reset(self) -> None:
        """Forget the stream; the next sample is the first of a new one."""
        self._sound = np.empty(0)
        self._has_history = False
        self._past.reset()
        self._stretch.reset()

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Take samples, full scale [-1, 1), shape (n,); return a flag for each completed frame."""
        self._sound = np.concatenate([self._sound, samples])
        if not self._has_history and len(self._sound) >= self.frame_length:
            mirror = self._sound[: self.frame_length][::-1]
            self._sound = np.concatenate([mirror, self._sound])
            self._has_history = True
        flags: list[bool] = []
        while (n_frames := len(self._sound) // self.frame_length - 1) > 0:
            flags += self._judge(min(n_frames, BATCH_FRAMES))
        return np.array(flags, np.bool_)

    def _judge(self, n_frames: int) -> list[bool]:
        length = self.frame_length
        measures = self._measures.measure(self._sound[: (n_frames + 1) * length])
        self._sound = self._sound[n_frames * length :]
        odds = log_odds(self._past.features(measures))
        odds[measures[:, 0] < self._lowest_level] = -math.inf
        return [self._stretch.follow(value) for value in odds.tolist()]


class _Stretch:
    """Hysteresis and hangover: frames into stretches of speech."""

    def __init__(self, settings: GateSettings) -> None:
        self._enter = _logit(settings.enter_probability)
        self._leave = _logit(settings.leave_probability)
        self._n_hangover = round(settings.hangover_s / FRAME_S)
        self.reset()

    def reset(self) -> None:
        self._inside = False
        self._n_left = 0

    def follow(self, odds: float) -> bool:
        if odds >= (self._leave if self._inside else self._enter):
            self._inside = True
            self._n_left = self._n_hangover
        elif self._n_left > 0:
            self._n_left -= 1
        else:
            self._inside = False
        return self._inside


def log_odds(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the natural log odds of speech of each frame, shape (n,).

    Sums run along one frame at a time: a matrix product would round by the number of frames.
    """
    hidden = np.add.reduce(features[:, None, :] * vad_weights.HIDDEN, axis=-1)
    hidden = np.maximum(hidden + vad_weights.HIDDEN_BIAS, 0)
    return np.asarray(np.add.reduce(hidden * vad_weights.OUTPUT, axis=-1) + vad_weights.OUTPUT_BIAS)


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))
