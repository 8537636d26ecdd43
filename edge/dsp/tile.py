"""Tile: a run of frames, and what features are made of, each computed at most once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import Framing
from edge.dsp.framing import FRAMES_PER_BLOCK

FloatArray = NDArray[np.float32]


class Scratch:
    """Memory that one tile after the other works in.

    Fresh arrays of this size come from the system page by page, which costs as much time as the
    arithmetic.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
        """Return the array of this name and shape: at first of zeros, then as it was left."""
        held = self._arrays.get(name)
        if held is None or held.shape != shape:
            held = self._arrays[name] = np.zeros(shape, dtype)
        return held


class Sound:
    """What the frames of a clip, or of one block of a stream, lie in.

    Parameters
    ----------
    samples : ndarray, shape (n,), float64, contiguous
        With the ends padded as the spec says. Double precision because the analysis window is.
    edged : ndarray, shape (n,), float64, contiguous
        The same with the first and last sample repeated beyond the ends; only the zero-crossing
        rate looks at it.
    """

    def __init__(
        self, samples: NDArray[np.float64], *, edged: NDArray[np.float64] | None = None
    ) -> None:
        self.samples = samples
        self.edged = samples if edged is None else edged


class Tile:
    """One block of frames and their spectrum.

    Parameters
    ----------
    sound : Sound
    first : int
        Sample at which the block's first frame begins.
    n_frames : int
        Frames that are wanted; those that fill the block up to `FRAMES_PER_BLOCK` hold anything.
    framing : Framing
    window : ndarray, shape (n_fft,), float64
    scratch : Scratch
        Shared with other tiles: when the next one computes, this one's arrays are overwritten.
    """

    def __init__(
        self,
        sound: Sound,
        *,
        first: int,
        n_frames: int,
        framing: Framing,
        window: NDArray[np.float64],
        scratch: Scratch,
    ) -> None:
        self.framing = framing
        self.edged = sound.edged[first:]
        self._sound = sound
        self._first = first
        self._n_frames = n_frames
        self._window = window
        self._scratch = scratch

    @cached_property
    def frames(self) -> NDArray[np.float64]:
        """View on the overlapping frames, shape (FRAMES_PER_BLOCK, n_fft), not weighted."""
        # The bare constructor checks the bounds and takes a microsecond; sliding_window_view ten.
        return np.ndarray(
            (FRAMES_PER_BLOCK, self.framing.n_fft),
            np.float64,
            buffer=self._sound.samples,
            offset=8 * self._first,
            strides=(8 * self.framing.hop_length, 8),
        )

    @cached_property
    def magnitude(self) -> FloatArray:
        """Magnitude of the Fourier transform, shape (FRAMES_PER_BLOCK, 1 + n_fft // 2)."""
        # librosa weighs and transforms in double precision, and only then rounds to complex64.
        # In single precision throughout, the quiet bands beside loud ones are off by 0.01 dB.
        n = self._n_frames
        shape = (FRAMES_PER_BLOCK, 1 + self.framing.n_fft // 2)
        windowed = self._scratch.array("windowed", self.frames.shape, np.float64)[:n]
        np.multiply(self.frames[:n], self._window, out=windowed)
        rounded = self._scratch.array("spectrum", shape, np.complex64)
        rounded[:n] = np.fft.rfft(windowed)
        magnitude: FloatArray = self._scratch.array("magnitude", shape, np.float32)
        np.abs(rounded, out=magnitude)
        return magnitude

    @cached_property
    def power(self) -> FloatArray:
        """Square of the magnitude."""
        power: FloatArray = self._scratch.array("power", self.magnitude.shape, np.float32)
        np.square(self.magnitude, out=power)
        return power


_ROWS_PER_PRODUCT: Final = 8
"""Rows that one call of the BLAS takes.

It works in strips of rows, and what is left over is rounded in another way: OpenBLAS for Haswell
and Zen gives equal rows of 32 different last bits. Among eight, every row fares alike.
"""


def product(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """Return ``rows @ matrix`` in products of a few rows each, where that goes evenly.

    So a row comes out the same to the last bit, however many others it is computed with, and
    wherever it stands among them.
    """
    if len(rows) % _ROWS_PER_PRODUCT:
        return np.asarray(rows @ matrix)
    strips = rows.reshape(-1, _ROWS_PER_PRODUCT, rows.shape[1])
    return np.asarray(np.matmul(strips, matrix)).reshape(len(rows), -1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """How one block of a spec is computed, in two steps."""

    key: Hashable
    """Stages of equal keys share the first step."""
    project: Callable[[Tile], FloatArray]
    """Frame by frame: what the second step needs, shape (n_frames, any)."""
    finish: Callable[[FloatArray], FloatArray] = lambda projected: projected
    """The block's features, shape (n_frames, width), of all frames of the clip (or, where the block
    is frame-local, of whole blocks of frames)."""
    needs_edges: bool = False
    """Whether the first step looks at `Tile.edged`."""
