"""What a stream remembers whichever model listens: its newest sound, and where speech was in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.dsp.resample import resample
from edge.stream.ring import SampleRing
from edge.stream.vad import GateSettings, SpeechGate
from edge.stream.windows import FlagHistory, Window


class SoundMemory:
    """The newest sound with its speech, read by absolute index.

    Parameters
    ----------
    sample_rate_hz : int
    gate : GateSettings
        What counts as speech.
    capacity : int
        Samples that are kept.
    first_sample : int
        Absolute index of the first sample that will be pushed.
    """

    def __init__(
        self, sample_rate_hz: int, gate: GateSettings, *, capacity: int, first_sample: int = 0
    ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.gate = gate
        self.capacity = capacity
        self._first = first_sample
        self._ring = SampleRing(capacity)
        self._detector = SpeechGate(sample_rate_hz, gate)
        self._flags = FlagHistory(
            frame_length=self._detector.frame_length,
            capacity_samples=capacity,
            sample_rate_hz=sample_rate_hz,
        )

    @property
    def n_seen(self) -> int:
        """Absolute index of the next sample."""
        return self._first + self._ring.n_seen

    @property
    def oldest(self) -> int:
        """Absolute index of the oldest sample that is kept."""
        return self._first + max(0, self._ring.n_seen - self.capacity)

    @property
    def speaking(self) -> bool:
        """Whether the newest frame is speech."""
        return self._flags.newest

    @property
    def total_speech_s(self) -> float:
        """Seconds of speech since the memory began."""
        return self._flags.total_speech_s

    def push(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples, at most `capacity` at once."""
        self._ring.push(samples)
        self._flags.push(self._detector.push(samples))

    def read(self, *, start: int, stop: int) -> NDArray[np.float32]:
        """Return a copy of the samples from absolute index ``start`` to ``stop``."""
        return self._ring.read(start=start - self._first, stop=stop - self._first)

    def speech_s(self, window: Window) -> float:
        """Return the seconds of speech within a window, by absolute index."""
        start, end = window.start_sample - self._first, window.end_sample - self._first
        return self._flags.speech_s(Window(start_sample=start, end_sample=end))

    def serves(self, sample_rate_hz: int, gate: GateSettings, *, capacity: int) -> bool:
        """Return whether this memory is what such a one would be."""
        wanted = (sample_rate_hz, gate)
        return (self.sample_rate_hz, self.gate) == wanted and self.capacity >= capacity

    def copy(self, sample_rate_hz: int, gate: GateSettings, *, capacity: int) -> SoundMemory:
        """Return a memory of the same sound, at another rate or with another notion of speech."""
        sound = self.read(start=self.oldest, stop=self.n_seen)
        if sample_rate_hz != self.sample_rate_hz:
            sound = resample(sound, rate_in_hz=self.sample_rate_hz, rate_out_hz=sample_rate_hz)
        end = moved(self.n_seen, rate_in_hz=self.sample_rate_hz, rate_out_hz=sample_rate_hz)
        made = SoundMemory(
            sample_rate_hz,
            gate,
            capacity=capacity,
            first_sample=max(0, end - len(sound)),
        )
        for start in range(0, len(sound), capacity):
            made.push(sound[start : start + capacity])
        return made


def moved(position: int, *, rate_in_hz: int, rate_out_hz: int) -> int:
    """Return a position in a stream as one at another rate, rounded down."""
    return position * rate_out_hz // rate_in_hz
