"""The bounded queue between the sound card's thread and ours."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class RawBlock:
    """PCM as the sound card delivered it."""

    raw: bytes
    n_frames: int
    n_lost: int
    """Frames known to be missing right before it."""


class BlockQueue:
    """Holds at most `n_blocks`; when full, the oldest gives way and is counted as lost.

    What is lost is told by the next block that comes out, at the place where it is missing.
    """

    def __init__(self, *, n_blocks: int) -> None:
        self._blocks: deque[RawBlock] = deque()
        self._n_blocks = n_blocks
        self._n_dropped_frames = 0
        self._changed = threading.Condition()

    def put(self, block: RawBlock) -> None:
        """Append a block; never waits for the reader."""
        with self._changed:
            if len(self._blocks) >= self._n_blocks:
                oldest = self._blocks.popleft()
                self._n_dropped_frames += oldest.n_frames + oldest.n_lost
            self._blocks.append(block)
            self._changed.notify()

    def get(self, *, timeout_s: float) -> RawBlock | None:
        """Return the oldest block, or None if none comes within `timeout_s`."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._blocks, timeout=timeout_s):
                return None
            block = self._blocks.popleft()
            n_lost, self._n_dropped_frames = block.n_lost + self._n_dropped_frames, 0
        return RawBlock(raw=block.raw, n_frames=block.n_frames, n_lost=n_lost)
