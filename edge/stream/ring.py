"""SampleRing: the last stretch of sound, read by absolute index; nothing older exists."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class SampleRing:
    """Keep the newest ``capacity`` samples of a stream.

    Indices run on for ever, as if nothing were forgotten.
    """

    def __init__(self, capacity: int) -> None:
        # Twice the capacity: the newest samples always lie in one piece, and are moved to the
        # front only once every ``capacity`` samples.
        self._memory = np.zeros(2 * capacity, np.float32)
        self._capacity = capacity
        self.reset()

    def reset(self) -> None:
        """Forget all sound; the next sample is sample 0."""
        self._memory[:] = 0.0
        self._end = 0
        self.n_seen = 0

    def push(self, samples: NDArray[np.float32]) -> None:
        """Append samples; at most ``capacity`` at once."""
        n = len(samples)
        if n > self._capacity:
            raise ValueError(f"{n} samples at once, at most {self._capacity} fit")
        if self._end + n > len(self._memory):
            kept = self._memory[self._end - self._capacity : self._end].copy()
            self._memory[: self._capacity] = kept
            self._end = self._capacity
        self._memory[self._end : self._end + n] = samples
        self._end += n
        self.n_seen += n

    def read(self, *, start: int, stop: int) -> NDArray[np.float32]:
        """Return a copy of the samples from absolute index ``start`` to ``stop``."""
        oldest = max(0, self.n_seen - self._capacity)
        if not oldest <= start <= stop <= self.n_seen:
            raise IndexError(
                f"samples {start} to {stop} were asked for, {oldest} to {self.n_seen} are there"
            )
        shift = self._end - self.n_seen
        return self._memory[start + shift : stop + shift].copy()

    def newest(self) -> NDArray[np.float32]:
        """Return a copy of all that is kept: at most ``capacity`` samples."""
        return self.read(start=max(0, self.n_seen - self._capacity), stop=self.n_seen)
