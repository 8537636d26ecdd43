"""The streaming front end: features of windows, from sound that comes in pieces of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import FeatureSpec, Image, RunningStandard
from edge.dsp import framing
from edge.dsp.extract import extract, lay_out
from edge.dsp.frames import frame_computer
from edge.dsp.normalise import RunningMoments
from edge.stream.ring import SampleRing


class WindowFeatures(Protocol):
    """Gives the features of a window of the stream."""

    def push(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples, at most one window's length at once."""

    def read(self, start_sample: int) -> NDArray[np.float32]:
        """Return the features of the window that begins at ``start_sample``, `FeatureSpec.shape`.

        Where sound has not come yet, an image is completed by silence; pooled features are those
        of what is there, and of silence only where that makes no frame.
        """

    def reset(self) -> None:
        """Forget all sound."""


def window_features(spec: FeatureSpec) -> WindowFeatures:
    """Return the cheapest way to the features of a stream's windows."""
    return StreamedFeatures(spec) if spec.streamable else ClipFeatures(spec)


class StreamedFeatures:
    """Each frame is computed once, for all the windows that it is part of.

    Frames come out exactly as `edge.dsp.frames_of` gives them for the whole sound: both work on
    the same blocks of frames (see `edge.dsp.framing.FRAMES_PER_BLOCK`). A running norm runs from
    the stream's first frame on.
    """

    def __init__(self, spec: FeatureSpec) -> None:
        if not (spec.streamable and isinstance(spec.layout, Image)):
            raise ValueError("the specification cannot be streamed; use ClipFeatures")
        self._spec = spec
        self._n_frames = spec.layout.n_frames
        self._computer = frame_computer(spec)
        self._advance = framing.block_advance(spec.framing)
        self._block = np.zeros(framing.block_length(spec.framing), np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget all sound; the next sample is sample 0."""
        self._n_pending = 0
        self._blocks: list[NDArray[np.float32]] = []
        self._n_forgotten = 0
        norm = self._spec.norm
        self._moments = RunningMoments(norm) if isinstance(norm, RunningStandard) else None
        self._normal: list[NDArray[np.float32]] = []

    def push(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples and compute every block of frames that is complete."""
        while self._n_pending + len(samples) >= len(self._block):
            n = len(self._block) - self._n_pending
            self._block[self._n_pending :] = samples[:n]
            samples = samples[n:]
            self._finish_block()
        self._block[self._n_pending : self._n_pending + len(samples)] = samples
        self._n_pending += len(samples)

    def _finish_block(self) -> None:
        self._blocks.append(self._computer.block(self._block))
        if self._moments is not None:
            self._normal.append(self._moments.push(self._blocks[-1]))
        self._n_pending = len(self._block) - self._advance
        self._block[: self._n_pending] = self._block[self._advance :].copy()
        self._forget()

    def read(self, start_sample: int) -> NDArray[np.float32]:
        """Return the features of the window that begins at a multiple of the hop length."""
        first, remainder = divmod(start_sample, self._spec.framing.hop_length)
        if remainder:
            raise ValueError(f"sample {start_sample} begins no frame")
        stop = first + self._n_frames
        if self._moments is None:
            return lay_out(self.frames(first=first, stop=stop), self._spec)
        return self._cut(self._normal, self._moments.fork().push, first=first, stop=stop)

    def frames(self, *, first: int, stop: int) -> NDArray[np.float32]:
        """Return frames by absolute index, before the norm, shape (stop - first, n_features)."""
        return self._cut(self._blocks, lambda block: block, first=first, stop=stop)

    def _cut(
        self,
        blocks: list[NDArray[np.float32]],
        finish: Callable[[NDArray[np.float32]], NDArray[np.float32]],
        *,
        first: int,
        stop: int,
    ) -> NDArray[np.float32]:
        """Cut frames out of the blocks, and of the incomplete ones as `finish` makes them."""
        size = framing.FRAMES_PER_BLOCK
        offset = self._n_forgotten * size
        if first < offset:
            raise IndexError(f"frame {first} is forgotten, the oldest is {offset}")
        nothing = np.zeros((0, self._spec.n_features), np.float32)
        more = [finish(block) for block in self._unfinished(stop)]
        frames = np.concatenate([nothing, *blocks, *more])
        return np.asarray(frames[first - offset : stop - offset])

    def _unfinished(self, stop: int) -> list[NDArray[np.float32]]:
        """Compute, but do not keep, the blocks up to frame `stop`; missing sound is silence."""
        n_done = self._n_forgotten + len(self._blocks)
        n_more = max(0, -(-stop // framing.FRAMES_PER_BLOCK) - n_done)
        pending = self._block[: self._n_pending]
        return [self._computer.block(pending[i * self._advance :]) for i in range(n_more)]

    def _forget(self) -> None:
        # One block more than the window: windows need not begin where blocks begin.
        n_kept = 2 - (-self._n_frames // framing.FRAMES_PER_BLOCK)
        if len(self._blocks) > n_kept:
            del self._blocks[0]
            del self._normal[:1]
            self._n_forgotten += 1


class ClipFeatures:
    """For features that look at the whole window: each window is extracted anew."""

    def __init__(self, spec: FeatureSpec) -> None:
        self._spec = spec
        self._ring = SampleRing(2 * spec.window_length)
        self._least = framing.least_length(spec.framing)

    def reset(self) -> None:
        """Forget all sound; the next sample is sample 0."""
        self._ring.reset()

    def push(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples."""
        self._ring.push(samples)

    def read(self, start_sample: int) -> NDArray[np.float32]:
        """Return the features of the window that begins at ``start_sample``."""
        stop = min(start_sample + self._spec.window_length, self._ring.n_seen)
        sound = self._ring.read(start=start_sample, stop=stop)
        missing = max(0, self._least - len(sound))
        return extract(np.pad(sound, (0, missing)), self._spec)
