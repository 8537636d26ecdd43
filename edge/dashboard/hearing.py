"""Listening to a file that somebody sends: one at a time, in memory, and nothing is kept."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.analysis import ClipAnalysis, ClipAnalyzer, analyze_samples
from edge.devices.recording import read_upload
from edge.errors import BusyError

LONGEST_S: Final = 600.0
"""Longest recording that is taken."""

_one_at_a_time: Final = threading.Lock()
"""An analysis takes all of a processor core and up to 230 MB: the ears need the rest."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Heard:
    """A recording and what the model tells of it."""

    samples: NDArray[np.float32]
    """Mono, shape (n,)."""
    sample_rate_hz: int
    analysis: ClipAnalysis


def hear(content: bytes, *, name: str, analyzer: ClipAnalyzer) -> Heard:
    """Decode and analyse a recording that is in memory.

    Parameters
    ----------
    content : bytes
        WAV, FLAC or Ogg.
    name : str
        As messages shall call it.
    analyzer : ClipAnalyzer

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
        samples, rate_hz = read_upload(content, name=name, longest_s=LONGEST_S)
        analysis = analyze_samples(analyzer, samples, sample_rate_hz=rate_hz)
    finally:
        _one_at_a_time.release()
    return Heard(samples=samples, sample_rate_hz=rate_hz, analysis=analysis)
