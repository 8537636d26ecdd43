"""FrameComputer: a FeatureSpec made ready to turn blocks of frames into numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import FeatureSpec
from edge.dsp import framing
from edge.dsp.framing import FRAMES_PER_BLOCK
from edge.dsp.stages import stage_of
from edge.dsp.tile import FloatArray, Scratch, Sound, Tile


class FrameComputer:
    """Blocks of sound in, features of their frames out; nothing is remembered between calls.

    Use `frame_computer`, which keeps one for each specification.
    """

    def __init__(self, spec: FeatureSpec) -> None:
        self._spec = spec
        self._window = framing.analysis_window(spec.framing)
        self._spare: list[Scratch] = []  # as many as there were calls at once, in several threads
        self._stages = tuple(stage_of(block, spec) for block in spec.blocks)
        self._needs_edges = any(stage.needs_edges for stage in self._stages)
        keys = list(dict.fromkeys(stage.key for stage in self._stages))
        shared = {stage.key: stage.project for stage in self._stages}
        self._projections = [shared[key] for key in keys]
        self._sources = [keys.index(stage.key) for stage in self._stages]

    def block(self, samples: FloatArray) -> FloatArray:
        """Return the features of one block's frames, for specs that can be streamed.

        Parameters
        ----------
        samples : ndarray, shape (n,), float32
            At most `framing.block_length` samples; the rest is taken to be zero.

        Returns
        -------
        ndarray, shape (FRAMES_PER_BLOCK, n_features), float32
        """
        sound = Sound(_lengthened(samples, framing.block_length(self._spec.framing)))
        with self._scratch() as scratch:
            return self._finish(self._project(self._tile(sound, 0, FRAMES_PER_BLOCK, scratch)))

    def clip(self, samples: FloatArray) -> FloatArray:
        """Return the features of all frames of a clip, its ends padded as the spec says.

        Returns
        -------
        ndarray, shape (n_frames, n_features), float32
        """
        n_frames = framing.n_frames_in(len(samples), self._spec.framing)
        if not n_frames:
            return np.zeros((0, self._spec.n_features), np.float32)
        with self._scratch() as scratch:
            tiles = [self._project(tile) for tile in self._tiles(samples, n_frames, scratch)]
        projected = [np.concatenate(parts) for parts in zip(*tiles, strict=True)]
        if self._spec.frame_local:
            return self._finish(projected)[:n_frames]
        # What looks at the whole clip must not see the silence that fills its last block.
        return self._finish([rows[:n_frames] for rows in projected])

    @contextmanager
    def _scratch(self) -> Iterator[Scratch]:
        try:
            scratch = self._spare.pop()
        except IndexError:
            scratch = Scratch()
        yield scratch
        self._spare.append(scratch)

    def _tiles(self, samples: FloatArray, n_frames: int, scratch: Scratch) -> Iterator[Tile]:
        sound = self._padded(samples, n_frames)
        for first in range(0, n_frames, FRAMES_PER_BLOCK):
            n = min(FRAMES_PER_BLOCK, n_frames - first)
            yield self._tile(sound, first * self._spec.framing.hop_length, n, scratch)

    def _padded(self, samples: FloatArray, n_frames: int) -> Sound:
        spec_framing = self._spec.framing
        n_blocks = -(-n_frames // FRAMES_PER_BLOCK)
        length = (n_blocks - 1) * framing.block_advance(spec_framing)
        length += framing.block_length(spec_framing)
        whole = _lengthened(framing.pad_ends(samples, spec_framing), length)
        if spec_framing.padding == "none" or not self._needs_edges:
            return Sound(whole)
        edged = _lengthened(framing.pad_edges(samples, spec_framing), length)
        return Sound(whole, edged=edged)

    def _tile(self, sound: Sound, first: int, n_frames: int, scratch: Scratch) -> Tile:
        return Tile(
            sound,
            first=first,
            n_frames=n_frames,
            framing=self._spec.framing,
            window=self._window,
            scratch=scratch,
        )

    def _project(self, tile: Tile) -> list[FloatArray]:
        return [project(tile) for project in self._projections]

    def _finish(self, projected: list[FloatArray]) -> FloatArray:
        parts = [
            stage.finish(projected[i]) for stage, i in zip(self._stages, self._sources, strict=True)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


@lru_cache(maxsize=8)
def frame_computer(spec: FeatureSpec) -> FrameComputer:
    """Return the computer of a specification; its filter banks are built once."""
    return FrameComputer(spec)


def _lengthened(samples: FloatArray, length: int) -> NDArray[np.float64]:
    """Return the samples in double precision, at least `length`: silence where there are less."""
    longer = np.zeros(max(length, len(samples)))
    longer[: len(samples)] = samples
    return longer
