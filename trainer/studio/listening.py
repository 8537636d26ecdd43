"""One take out of a stream of sound: where the voice begins, where it has ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.dsp.level import rms_dbfs
from edge.stream.blocks import AudioBlock
from edge.stream.vad import SpeechGate

SILENCE_S = 1.5
"""So much without a voice after a voice ends the take."""
PATIENCE_S = 8.0
"""So long the listener waits for the first word."""
LEAST_SPEECH_S = 0.5
"""Less is a cough, or ENTER pressed too soon, and ends no take. The gate adds 0.2 s to a voice."""
LONGEST_S = 20.0
"""No sentence is longer: something else is heard as a voice."""
MARGIN_S = 0.3
"""Kept before the first and after the last frame with a voice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Take:
    """What was heard of one sentence."""

    samples: NDArray[np.float32]
    """Mono, shape (n,), full scale is [-1, 1): the voice with a margin, or all where none was."""
    sample_rate_hz: int
    speech_s: float
    """Time with a voice, 0 where there was none."""
    speech_dbfs: float
    """RMS of the frames with a voice; of everything where there was none."""
    n_lost: int
    """Samples that the microphone lost on the way."""
    is_too_long: bool
    """Whether it was ended for its length."""

    @property
    def duration_s(self) -> float:
        """Length of what is kept."""
        return len(self.samples) / self.sample_rate_hz


class TakeListener:
    """Collects blocks until a sentence has been said; `take` tells what was heard.

    Parameters
    ----------
    sample_rate_hz : int
        Rate of the blocks, 8000 to 48000.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._gate = SpeechGate(sample_rate_hz)
        self._blocks = [np.zeros(0, np.float32)]
        self._is_speech: list[bool] = []
        self._n_samples = 0
        self._n_lost = 0

    @property
    def elapsed_s(self) -> float:
        """Time since the beginning, in sound."""
        return self._n_samples / self._rate_hz

    @property
    def is_over(self) -> bool:
        """Whether the sentence has ended, none came, or it lasts for ever."""
        if self._silence_s() < SILENCE_S:
            return self._is_too_long
        return self._speech_s() >= LEAST_SPEECH_S or self.elapsed_s >= PATIENCE_S

    def push(self, block: AudioBlock) -> None:
        """Take in the next block."""
        self._blocks.append(block.samples)
        self._n_samples += len(block.samples)
        self._n_lost += block.n_lost
        self._is_speech += self._gate.push(block.samples).tolist()

    def take(self) -> Take:
        """Return what was heard so far, cut to the voice."""
        samples = np.concatenate(self._blocks)
        speech = np.repeat(np.array(self._is_speech, np.bool_), self._gate.frame_length)
        centred = samples - samples.mean() if len(samples) else samples
        has_speech = any(self._is_speech)
        return Take(
            samples=samples[self._voice()] if has_speech else samples,
            sample_rate_hz=self._rate_hz,
            speech_s=self._speech_s(),
            speech_dbfs=rms_dbfs(centred[: len(speech)][speech] if has_speech else centred),
            n_lost=self._n_lost,
            is_too_long=has_speech and self._is_too_long,
        )

    @property
    def _is_too_long(self) -> bool:
        return self.elapsed_s >= LONGEST_S

    def _silence_s(self) -> float:
        backwards = self._is_speech[::-1]
        n_frames = backwards.index(True) if any(backwards) else len(backwards)
        return n_frames * self._gate.frame_length / self._rate_hz

    def _speech_s(self) -> float:
        return sum(self._is_speech) * self._gate.frame_length / self._rate_hz

    def _voice(self) -> slice:
        frames = np.flatnonzero(self._is_speech)
        margin = round(MARGIN_S * self._rate_hz)
        length = self._gate.frame_length
        first, end = int(frames[0]) * length, (int(frames[-1]) + 1) * length
        return slice(max(0, first - margin), end + margin)
