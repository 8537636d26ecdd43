"""Recordings on disk, piece by piece: through libsndfile, or Python's own `wave` without it.

A WAV or Ogg file that breaks off (a recorder lost power) is read as far as it goes, as libsndfile
does. A FLAC file that breaks off, and any file that ends before the length that its decoder
announced, is an error at that place, after the good part.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.dsp.pcm import SampleFormat, decode, to_mono
from edge.errors import AudioDataError, NoInputError

_LARGEST_SAMPLE: Final = 8.0
"""Float files may exceed full scale (up to +18 dB); beyond this they hold integers as floats."""
_WAVE_FORMATS: Final[dict[int, SampleFormat]] = {2: "s16", 3: "s24", 4: "s32"}
_SOUNDFILE_REMEDY: Final = "install it with `pip install soundfile` or give a 16-bit PCM WAV file"


class Decoder(Protocol):
    """An open recording."""

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the recording."""

    @property
    def n_frames(self) -> int:
        """Frames that it should have."""

    def read(self, n_frames: int) -> NDArray[np.float32]:
        """Return the next `n_frames` mono samples, fewer at the end, none after it."""


def open_decoder(path: Path, *, content: bytes | None = None) -> AbstractContextManager[Decoder]:
    """Open a recording: WAV, FLAC, Ogg and whatever else libsndfile knows; plain WAV without it.

    Parameters
    ----------
    path : Path
        Its file; only its name where there is `content`.
    content : bytes, optional
        The recording itself, which then touches no disk.

    Raises
    ------
    NoInputError
        If it is not there or may not be read.
    AudioDataError
        If it is no recording, or has no sound in it.
    """
    if content is None:
        _check_file(path)
    elif not content:
        raise AudioDataError(f"{path} is empty (0 bytes)")
    file = str(path) if content is None else BytesIO(content)
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: soundfile without libsndfile
        return _open_wave(path, file, why=str(error))
    return _open_soundfile(path, file, soundfile)


def check_samples(samples: NDArray[np.float32], *, path: str, first_frame: int, rate: int) -> None:
    """Refuse samples that no sound can have.

    Parameters
    ----------
    samples : ndarray, shape (n,)
        Mono samples.
    path : str
        Name of the recording, for the message.
    first_frame, rate : int
        Where the samples begin and at how many Hz, for the message.

    Raises
    ------
    AudioDataError
        If one is NaN, infinite or beyond 8 times full scale.
    """
    bad = np.flatnonzero(~(np.abs(samples) <= _LARGEST_SAMPLE))  # the negation catches NaN
    if not len(bad):
        return
    frame = first_frame + int(bad[0])
    value = float(samples[bad[0]])
    raise AudioDataError(
        f"{path}: sample {frame} (at {frame / rate:.3f} s) is {value:g}; "
        + (
            f"full scale is 1 and {_LARGEST_SAMPLE:g} the limit: scale the recording"
            if np.isfinite(value)
            else "no sound has such a value: export the recording again"
        )
    )


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except FileNotFoundError as error:
        raise NoInputError(f"there is no file {path}") from error
    except IsADirectoryError as error:
        raise AudioDataError(f"{path} is a folder; name a recording in it") from error
    except PermissionError as error:
        raise NoInputError(f"no permission to read {path}; see `ls -l {path}`") from error
    except OSError as error:
        raise NoInputError(f"{path} cannot be read: {error.strerror}") from error
    if not first:
        raise AudioDataError(f"{path} is empty (0 bytes)")


@contextmanager
def _open_soundfile(path: Path, file: str | BinaryIO, soundfile: Any) -> Iterator[Decoder]:
    try:
        with soundfile.SoundFile(file) as recording:
            _check_length(path, recording.frames)
            yield _SoundfileDecoder(recording, path)
    except soundfile.SoundFileError as error:
        raise AudioDataError(f"{path} is no recording that can be read: {error}") from error


@contextmanager
def _open_wave(path: Path, file: str | BinaryIO, *, why: str) -> Iterator[Decoder]:
    try:
        recording = wave.open(file, "rb")  # noqa: SIM115 - closed below; only opening is translated
    except (wave.Error, EOFError) as error:
        raise AudioDataError(
            f"{path} is no plain PCM WAV file ({error}), and for others soundfile is needed, "
            f"which is not usable ({why}); {_SOUNDFILE_REMEDY}"
        ) from error
    with recording:
        _check_length(path, recording.getnframes())
        if recording.getsampwidth() not in _WAVE_FORMATS:
            raise AudioDataError(
                f"{path} has {8 * recording.getsampwidth()}-bit samples; without soundfile only "
                f"16, 24 and 32 bits can be read; {_SOUNDFILE_REMEDY}"
            )
        yield _WaveDecoder(recording)


def _check_length(path: Path, n_frames: int) -> None:
    if n_frames == 0:
        raise AudioDataError(f"{path} has no sound in it (0 samples)")


class _SoundfileDecoder:
    def __init__(self, file: Any, path: Path) -> None:
        self._file = file
        self._path = path
        self._n_read = 0
        self.sample_rate_hz = int(file.samplerate)
        self.n_frames = int(file.frames)

    def read(self, n_frames: int) -> NDArray[np.float32]:
        import soundfile

        try:
            frames = self._file.read(n_frames, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise AudioDataError(self._broken(str(error))) from error
        self._n_read += len(frames)
        if len(frames) < n_frames and self._n_read < self.n_frames:
            raise AudioDataError(self._broken("it ends too early"))
        return to_mono(frames)

    def _broken(self, why: str) -> str:
        place_s = self._n_read / self.sample_rate_hz
        return (
            f"{self._path} is damaged: it breaks off at about {place_s:.2f} s of "
            f"{self.n_frames / self.sample_rate_hz:.2f} s ({why})"
        )


class _WaveDecoder:
    def __init__(self, file: wave.Wave_read) -> None:
        self._file = file
        self.sample_rate_hz = file.getframerate()
        self.n_frames = file.getnframes()

    def read(self, n_frames: int) -> NDArray[np.float32]:
        raw = self._file.readframes(n_frames)
        sample_format = _WAVE_FORMATS[self._file.getsampwidth()]
        return decode(raw, sample_format=sample_format, n_channels=self._file.getnchannels())
