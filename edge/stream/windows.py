"""Which window is due, and what a stream remembers of speech and level for it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import FeatureSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A stretch of the stream that a decision looks at."""

    start_sample: int
    end_sample: int


class WindowScheduler:
    """Say which windows are complete: one every hop, the first after a whole window.

    The hop is rounded to whole frames where the features are streamed.
    """

    def __init__(self, spec: FeatureSpec, *, hop_s: float) -> None:
        step = spec.framing.hop_length if spec.streamable else 1
        self.hop_length = max(step, round(hop_s * spec.sample_rate_hz / step) * step)
        self._step = step
        self._length = spec.window_length
        self.reset()

    def reset(self) -> None:
        """Begin anew at sample 0."""
        self._next = 0

    @property
    def next_end_sample(self) -> int:
        """Where the next window ends."""
        return self._next + self._length

    def due(self, n_seen: int) -> Window | None:
        """Return the next window if it is complete after `n_seen` samples, else None."""
        if self.next_end_sample > n_seen:
            return None
        window = Window(start_sample=self._next, end_sample=self.next_end_sample)
        self._next += self.hop_length
        return window

    def last(self, n_seen: int) -> Window | None:
        """Return the window that covers the end of a stream of `n_seen` samples.

        It is None where the last due window has covered it up to less than one frame. A stream
        shorter than a window gets one that reaches into the silence after it.
        """
        if self._next and n_seen - (self.next_end_sample - self.hop_length) < self._step:
            return None
        if not n_seen:
            return None
        start = max(0, n_seen - self._length) // self._step * self._step
        return Window(start_sample=start, end_sample=start + self._length)


class FlagHistory:
    """The newest speech flags, read as seconds of speech within a window."""

    def __init__(self, *, frame_length: int, capacity_samples: int, sample_rate_hz: int) -> None:
        self._frame_length = frame_length
        self._sample_rate_hz = sample_rate_hz
        self._flags: deque[bool] = deque(maxlen=capacity_samples // frame_length + 2)
        self._n_seen = self._n_speech = 0

    def reset(self) -> None:
        """Forget all flags."""
        self._flags.clear()
        self._n_seen = self._n_speech = 0

    def push(self, flags: NDArray[np.bool_]) -> None:
        """Append the flags of the next frames."""
        self._flags.extend(flags.tolist())
        self._n_seen += len(flags)
        self._n_speech += int(np.count_nonzero(flags))

    def speech_s(self, window: Window) -> float:
        """Return the seconds of speech in the frames that lie within the window."""
        oldest = self._n_seen - len(self._flags)
        first = -(-window.start_sample // self._frame_length) - oldest
        stop = window.end_sample // self._frame_length - oldest
        n_speech = sum(islice(self._flags, max(0, first), max(0, stop)))
        return n_speech * self._frame_length / self._sample_rate_hz

    @property
    def total_speech_s(self) -> float:
        """Seconds of speech since the stream began."""
        return self._n_speech * self._frame_length / self._sample_rate_hz

    @property
    def newest(self) -> bool:
        """Whether the newest frame is speech."""
        return bool(self._flags and self._flags[-1])
