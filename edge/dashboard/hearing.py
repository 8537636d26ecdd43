"""Listening to a file that somebody sends: one at a time, in memory, and nothing is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.analysis import ClipAnalysis, ClipAnalyzer
from edge.devices.recording import uploaded_pieces
from edge.errors import BusyError
from edge.stream.blocks import AudioBlock
from edge.stream.resample import StreamResampler

T = TypeVar("T")

LONGEST_S: Final = 600.0
"""Longest recording that is taken."""
SHOWN_RATE_HZ: Final = 16_000
"""Of the samples that are kept until the picture is drawn: ten minutes are 38 MB."""

_one_at_a_time: Final = threading.Lock()
"""An analysis takes all of a processor core, which the ears need too."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Heard:
    """A recording and what the model tells of it."""

    samples: NDArray[np.float32]
    """Mono, shape (n,), at `SHOWN_RATE_HZ`."""
    analysis: ClipAnalysis

    @property
    def sample_rate_hz(self) -> int:
        """Of the samples."""
        return SHOWN_RATE_HZ


def hear(content: bytes, *, name: str, analyzer: ClipAnalyzer, then: Callable[[Heard], T]) -> T:
    """Decode and analyse a recording that is in memory, and return what is made of it.

    Parameters
    ----------
    content : bytes
        WAV, FLAC or Ogg.
    name : str
        As messages shall call it.
    analyzer : ClipAnalyzer
    then : callable
        Makes the answer of it, before another recording may come: that takes memory too.

    Raises
    ------
    BusyError
        If another one is being analysed.
    AudioDataError, TooLongError
        If it cannot be decoded, or is too long.
    """
    if not _one_at_a_time.acquire(blocking=False):
        raise BusyError("another recording is being analysed; try again when it is done")
    try:
        shown: list[NDArray[np.float32]] = []
        analysis = analyzer.analyze(_blocks(content, name, shown))
        return then(Heard(samples=np.concatenate(shown), analysis=analysis))
    finally:
        _one_at_a_time.release()


def _blocks(content: bytes, name: str, shown: list[NDArray[np.float32]]) -> Iterator[AudioBlock]:
    """Yield the recording piece by piece, and keep of each what is shown."""
    resampler: StreamResampler | None = None
    for samples, rate_hz in uploaded_pieces(content, name=name, longest_s=LONGEST_S):
        if resampler is None:
            resampler = StreamResampler(rate_in_hz=rate_hz, rate_out_hz=SHOWN_RATE_HZ)
        shown.append(resampler.push(samples))
        yield AudioBlock(samples=samples, sample_rate_hz=rate_hz, n_lost=0)
    if resampler is not None:
        shown.append(resampler.flush())
