"""Raw PCM from a pipe: ``arecord -t raw ... | ser-edge run --source -``."""

from __future__ import annotations

import logging
import os
import select
import time
from typing import Final, Protocol

from edge.devices.decoders import check_samples
from edge.devices.source import make_block
from edge.dsp.pcm import BYTES_PER_SAMPLE, SampleFormat, decode
from edge.errors import SourceEnded
from edge.stream.blocks import AudioBlock

_LOG: Final = logging.getLogger(__name__)


class HasDescriptor(Protocol):
    """An open file, pipe or socket of the operating system."""

    def fileno(self) -> int:
        """Return its descriptor."""


class PcmStreamSource:
    """Little-endian interleaved PCM without a header, from standard input or another pipe.

    Parameters
    ----------
    stream : object with fileno()
        ``sys.stdin.buffer``, for example. Read through its descriptor, past any buffer of Python's.
    sample_rate_hz, n_channels, sample_format
        What the bytes mean: nothing in them tells. Channels are averaged.
    block_ms : int
        Length of a block; the last one may be shorter.
    """

    def __init__(
        self,
        stream: HasDescriptor,
        *,
        sample_rate_hz: int,
        n_channels: int = 1,
        sample_format: SampleFormat = "s16",
        block_ms: int = 20,
    ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self._stream = stream
        self._n_channels = n_channels
        self._sample_format = sample_format
        self._frame_bytes = n_channels * BYTES_PER_SAMPLE[sample_format]
        self._block_bytes = self._frame_bytes * max(1, sample_rate_hz * block_ms // 1000)
        self._pending = bytearray()
        self._n_read = 0
        self._has_ended = False

    @property
    def name(self) -> str:
        """For people: the format that the bytes are taken for."""
        return f"raw {self._sample_format} stream, {self.sample_rate_hz} Hz"

    def read(self, *, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if its bytes have not all come in time.

        Raises
        ------
        SourceEnded
            When the writer has closed the pipe and everything was read.
        AudioDataError
            If float samples are impossible: the format is probably another one.
        """
        deadline_s = time.monotonic() + timeout_s
        while len(self._pending) < self._block_bytes and not self._has_ended:
            if not self._is_ready(deadline_s - time.monotonic()):
                return None
            self._fill()
        if len(self._pending) < self._frame_bytes:
            raise SourceEnded("the raw stream has ended")
        return self._take_block()

    def close(self) -> None:
        """Stop reading; the stream itself belongs to whoever opened it."""
        self._has_ended = True
        self._pending.clear()

    def _is_ready(self, wait_s: float) -> bool:
        return bool(select.select([self._stream], [], [], max(0.0, wait_s))[0])

    def _fill(self) -> None:
        chunk = os.read(self._stream.fileno(), self._block_bytes)
        self._pending += chunk
        self._has_ended = not chunk
        n_odd = len(self._pending) % self._frame_bytes
        if self._has_ended and n_odd:
            _LOG.warning(
                "the raw stream ends within a sample: %d bytes are dropped; is it really %s with "
                "%d channels?",
                n_odd,
                self._sample_format,
                self._n_channels,
            )

    def _take_block(self) -> AudioBlock:
        raw = bytes(self._pending[: self._block_bytes])
        del self._pending[: self._block_bytes]
        samples = decode(raw, sample_format=self._sample_format, n_channels=self._n_channels)
        rate_hz = self.sample_rate_hz
        if len(raw) < self._block_bytes:
            self._pending.clear()
        check_samples(samples, path="raw stream", first_frame=self._n_read, rate=rate_hz)
        self._n_read += len(samples)
        return make_block(samples, sample_rate_hz=rate_hz)
