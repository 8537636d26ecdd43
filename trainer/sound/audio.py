"""Recordings as the device would hear them: mono, at the model's rate, by the edge's resampler."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from edge.dsp import pcm, resample
from edge.errors import AudioDataError, NoInputError

SILENCE_DBFS = -70.0
"""A recording whose peak stays below this holds nothing that could be learnt or judged."""


def read(path: Path, *, data: bytes | None = None) -> tuple[NDArray[np.float32], int]:
    """Read a recording as mono, at its own rate.

    Parameters
    ----------
    path : Path
    data : bytes, optional
        What the file holds, where the file itself is out of reach.

    Returns
    -------
    samples : (n_samples,) float32 array
        Full scale is [-1, 1).
    rate_hz : int

    Raises
    ------
    NoInputError
        If the file is absent.
    AudioDataError
        If it cannot be decoded, is empty, or holds samples that are not finite.
    """
    if data is None and not path.is_file():
        raise NoInputError(f"recording {path} does not exist")
    try:
        file = path if data is None else io.BytesIO(data)
        frames, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise AudioDataError(f"recording {path} cannot be decoded: {error}") from error
    if not len(frames):
        raise AudioDataError(f"recording {path} is empty, expected at least one sample")
    if not np.isfinite(frames).all():
        raise AudioDataError(f"recording {path} holds samples that are not finite numbers")
    return pcm.to_mono(frames), rate_hz


def load(path: Path, *, sample_rate_hz: int, data: bytes | None = None) -> NDArray[np.float32]:
    """Read a recording as the device would hear it.

    Parameters
    ----------
    path : Path
    sample_rate_hz : int
        Rate of the model, in Hz.
    data : bytes, optional
        As for `read`.

    Returns
    -------
    (n_samples,) float32 array

    Raises
    ------
    NoInputError, AudioDataError
        As `read`.
    """
    samples, rate_hz = read(path, data=data)
    return resample.resample(samples, rate_in_hz=rate_hz, rate_out_hz=sample_rate_hz)


def content_of(samples: NDArray[np.float32]) -> str:
    """Return the SHA-256 of mono samples: the same for a WAV and a FLAC of one sound.

    Parameters
    ----------
    samples : (n_samples,) float32 array
        As `read` returns them.
    """
    # Adding 0 makes one number of -0 and 0.
    return hashlib.sha256((samples + np.float32(0)).tobytes()).hexdigest()


def refuse_silence(samples: NDArray[np.float32], path: Path) -> None:
    """Raise where a recording is silent from end to end.

    Raises
    ------
    AudioDataError
        If no sample is louder than `SILENCE_DBFS`.
    """
    peak = float(np.max(np.abs(samples)))
    if peak < 10.0 ** (SILENCE_DBFS / 20.0):
        raise AudioDataError(
            f"recording {path} is silent: no sample is louder than {SILENCE_DBFS:g} dBFS"
        )
