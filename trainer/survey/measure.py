"""What is measured of one recording; its samples are let go of before the next one is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from edge.dsp import pcm
from edge.errors import AudioDataError
from trainer.sound import audio

FloatArray = NDArray[np.float32]

CLIP_RUN = 3
"""Samples in a row at the extreme that make a flat top."""

CLIP_LEAST_PEAK = 0.25
"""A recording whose peak stays below this (-12 dBFS) is never called clipped."""

_STEP = 2.0**-15
"""One step of 16 bit."""

_N_BLOCK = 1 << 18

_LFS_POINTER = b"version https://git-lfs"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sound:
    """One recording in numbers; samples have a full scale of 1."""

    sample_rate_hz: int
    n_channels: int
    n_samples: int
    """Of each channel."""
    n_not_finite: int
    """Samples, over all channels, that are not finite; they count as 0 in what follows."""
    peak: float
    """Largest distance of a sample from the channel's mean, 0 to 2."""
    offset: float
    """The channel's mean that is farthest from 0: a DC offset."""
    clipped_share: float
    """See `clipped_share`."""
    cut_off: bool
    """Whether the file promises more sound than it holds."""
    content: str
    """SHA-256 of the samples, mixed to mono: the same for a WAV and a FLAC of one sound."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.sample_rate_hz


def measure(path: Path) -> Sound:
    """Decode one recording and measure it.

    Raises
    ------
    AudioDataError
        If it cannot be decoded; the text is the bare reason.
    """
    try:
        with soundfile.SoundFile(path) as file:
            n_promised, rate_hz = file.frames, file.samplerate
            frames = np.concatenate(list(_blocks(file)))
        cut_off = len(frames) < n_promised or _riff_is_cut_off(path)
    except soundfile.SoundFileError as error:
        raise AudioDataError(_reason(path, error)) from error
    except OSError as error:
        raise AudioDataError(error.strerror or str(error)) from error
    return sound_of(frames, sample_rate_hz=rate_hz, cut_off=cut_off)


def sound_of(frames: FloatArray, *, sample_rate_hz: int, cut_off: bool) -> Sound:
    """Measure samples.

    Parameters
    ----------
    frames : (n_samples, n_channels) float32 array
        Full scale is [-1, 1); no sample at all is possible.
    sample_rate_hz : int
    cut_off : bool
        Whether samples are missing.
    """
    finite = np.isfinite(frames)
    known = np.where(finite, frames, np.float32(0))
    means = known.mean(axis=0, dtype=np.float64) if len(known) else np.zeros(known.shape[1])
    return Sound(
        sample_rate_hz=sample_rate_hz,
        n_channels=known.shape[1],
        n_samples=len(known),
        n_not_finite=int(np.count_nonzero(~finite)),
        peak=float(np.max(np.abs(known - means), initial=0.0)),
        offset=float(means[np.argmax(np.abs(means))]),
        clipped_share=clipped_share(known),
        cut_off=cut_off,
        content=audio.content_of(pcm.to_mono(known)),
    )


def clipped_share(frames: FloatArray) -> float:
    """Return the share of samples in flat tops, of the channel that has most, 0 to 1.

    A flat top is a run of at least `CLIP_RUN` samples within one step of 16 bit of the channel's
    own highest or lowest value, after what lies beyond full scale is cut to it. A converter out of
    numbers makes many runs at one level, and they stay level when the sound is turned down
    afterwards; a natural peak makes one run at most. What was clipped before it came into Ogg
    Vorbis or MP3 has lost its flat tops, but for those that now lie beyond full scale.

    Parameters
    ----------
    frames : (n_samples, n_channels) float32 array
        Finite.
    """
    within = np.clip(frames, -1.0, 1.0)
    return max((_clipped_share(channel) for channel in within.T), default=0.0)


def _clipped_share(samples: FloatArray) -> float:
    if not len(samples) or np.abs(samples).max() < CLIP_LEAST_PEAK:
        return 0.0
    high, low = samples.max(), samples.min()
    # A constant is no clipped sound.
    if high - low <= _STEP:
        return 0.0
    n_flat = _n_in_runs(samples >= high - _STEP) + _n_in_runs(samples <= low + _STEP)
    return n_flat / len(samples)


def _n_in_runs(marked: NDArray[np.bool_]) -> int:
    """Count the marked samples that stand in runs of at least `CLIP_RUN`."""
    steps = np.diff(marked.astype(np.int8), prepend=np.int8(0), append=np.int8(0))
    lengths = np.flatnonzero(steps == -1) - np.flatnonzero(steps == 1)
    return int(lengths[lengths >= CLIP_RUN].sum())


def _blocks(file: soundfile.SoundFile) -> Iterator[FloatArray]:
    """Read to the end, whatever a damaged header says of the length."""
    while True:
        block = file.read(_N_BLOCK, dtype="float32", always_2d=True)
        yield block
        if len(block) < _N_BLOCK:
            return


def _riff_is_cut_off(path: Path) -> bool:
    """Return whether a WAV is shorter than its header says; the decoder passes over that."""
    with path.open("rb") as file:
        magic, size = file.read(4), int.from_bytes(file.read(4), "little")
    # Who streams into a WAV writes the greatest size; who pads it may forget to count the byte.
    return magic == b"RIFF" and size < 2**31 and size + 8 > path.stat().st_size + 1


def _reason(path: Path, error: soundfile.SoundFileError) -> str:
    with path.open("rb") as file:
        start = file.read(len(_LFS_POINTER))
    if start == _LFS_POINTER:
        return "a pointer of Git LFS, not the sound; run: git lfs pull"
    if not start:
        return "the file has no bytes"
    text: str = getattr(error, "error_string", str(error))
    return text.removeprefix("Error : ").rstrip(".").lower()
