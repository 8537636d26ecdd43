"""A recording as a source of sound, and as a whole."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.devices.decoders import check_samples, open_decoder
from edge.devices.source import make_block
from edge.errors import AudioDataError, SourceEnded, TooLongError
from edge.stream.blocks import AudioBlock

_PIECE_FRAMES: Final = 65536
_LOWEST_RATE_HZ: Final = 4000
_HIGHEST_RATE_HZ: Final = 192_000
"""Of what somebody sends: another rate would only be there to do harm."""


class Pace(enum.Enum):
    """How fast a recording is played."""

    REAL_TIME = "real time"
    """Each block comes when it would have been spoken to its end."""
    AS_FAST_AS_POSSIBLE = "as fast as possible"


class RecordingSource:
    """Plays a WAV, FLAC or Ogg file block by block, with little memory however long it is.

    Any rate; any number of channels, which are averaged; 8 to 32 bits or float. Float samples
    beyond full scale are kept as they are up to 8 (+18 dB), as the microphone path keeps them too.

    Parameters
    ----------
    path : str or Path
        The recording.
    pace : Pace
        How fast.
    block_ms : int
        Length of a block; the last one may be shorter.
    monotonic, sleep
        The clock for `Pace.REAL_TIME`; tests bring their own.

    Raises
    ------
    NoInputError
        If the file is not there or may not be read.
    AudioDataError
        If it is empty, no recording, or (when it is read so far) damaged.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        pace: Pace = Pace.AS_FAST_AS_POSSIBLE,
        block_ms: int = 20,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._path = Path(path)
        self._pace = pace
        self._monotonic = monotonic
        self._sleep = sleep
        self._resources = ExitStack()
        self._decoder = self._resources.enter_context(open_decoder(self._path))
        self._block_frames = max(1, self.sample_rate_hz * block_ms // 1000)
        self._n_read = 0
        self._began_s: float | None = None

    @property
    def name(self) -> str:
        """For people: the file's name and rate."""
        return f"{self._path.name}, {self.sample_rate_hz} Hz"

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the recording."""
        return self._decoder.sample_rate_hz

    @property
    def duration_s(self) -> float:
        """Length of the recording."""
        return self._decoder.n_frames / self.sample_rate_hz

    def read(self, *, timeout_s: float) -> AudioBlock | None:
        """Return the next block; None only in real time, if it is not yet due.

        Raises
        ------
        SourceEnded
            After the last block.
        AudioDataError
            If the file is damaged here, or holds impossible samples.
        """
        if self._n_read >= self._decoder.n_frames:
            raise SourceEnded(f"{self._path} has ended")
        if self._pace is Pace.REAL_TIME and not self._is_due(timeout_s):
            return None
        samples = self._decoder.read(self._block_frames)
        if not len(samples):
            raise SourceEnded(f"{self._path} has ended")
        rate_hz = self.sample_rate_hz
        check_samples(samples, path=str(self._path), first_frame=self._n_read, rate=rate_hz)
        self._n_read += len(samples)
        return make_block(samples, sample_rate_hz=rate_hz)

    def close(self) -> None:
        """Close the file."""
        self._resources.close()
        self._n_read = self._decoder.n_frames

    def _is_due(self, timeout_s: float) -> bool:
        now_s = self._monotonic()
        if self._began_s is None:
            self._began_s = now_s
        block_end = min(self._n_read + self._block_frames, self._decoder.n_frames)
        pause_s = self._began_s + block_end / self.sample_rate_hz - now_s
        if pause_s > 0:
            self._sleep(min(pause_s, timeout_s))
        return pause_s <= timeout_s


def pieces(
    path: str | Path, *, piece_frames: int = _PIECE_FRAMES
) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Yield a recording piece by piece, with its rate: for analysis in bounded memory.

    Yields
    ------
    samples : ndarray, shape (n,), float32
        Mono, n at most `piece_frames`.
    rate_hz : int
        The same for all pieces.

    Raises
    ------
    NoInputError, AudioDataError
        As `RecordingSource`.
    """
    place = Path(path)
    n_read = 0
    with open_decoder(place) as decoder:
        while len(samples := decoder.read(piece_frames)):
            rate_hz = decoder.sample_rate_hz
            check_samples(samples, path=str(place), first_frame=n_read, rate=rate_hz)
            n_read += len(samples)
            yield samples, rate_hz


def read_recording(path: str | Path) -> tuple[NDArray[np.float32], int]:
    """Return a whole recording as mono samples, shape (n,), and its rate in Hz.

    Raises
    ------
    NoInputError, AudioDataError
        As `RecordingSource`.
    """
    read = list(pieces(path))
    return np.concatenate([samples for samples, _ in read]), read[0][1]


def uploaded_pieces(
    content: bytes, *, name: str, longest_s: float
) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Yield a recording that is in memory piece by piece, as `pieces` does; it touches no disk.

    Parameters
    ----------
    content : bytes
        A WAV, FLAC or Ogg file.
    name : str
        As messages shall call it.
    longest_s : float
        A longer one is refused before it is decoded.

    Raises
    ------
    AudioDataError
        As `RecordingSource`, and for a rate that no recorder has.
    TooLongError
    """
    n_read = 0
    with open_decoder(Path(name), content=content) as decoder:
        rate_hz = decoder.sample_rate_hz
        if not _LOWEST_RATE_HZ <= rate_hz <= _HIGHEST_RATE_HZ:
            raise AudioDataError(
                f"{name} has {rate_hz} samples a second; "
                f"expected {_LOWEST_RATE_HZ} to {_HIGHEST_RATE_HZ}"
            )
        length_s = decoder.n_frames / rate_hz
        if length_s > longest_s:
            raise TooLongError(
                f"{name} is {length_s:.0f} s long, at most {longest_s:.0f} s are taken; "
                "cut out the part that matters"
            )
        while len(samples := decoder.read(_PIECE_FRAMES)):
            check_samples(samples, path=name, first_frame=n_read, rate=rate_hz)
            n_read += len(samples)
            yield samples, rate_hz
