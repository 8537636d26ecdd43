"""Sources of sound for tests: scripted ones, a PortAudio without hardware, and an ALSA FIFO."""
# ruff: noqa: ARG002 - the fakes keep the signatures of what they stand for

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from edge.devices.portaudio import OnBlock, PortAudio, PortDevice, PortStream, StreamFormat
from edge.devices.source import AudioSource, make_block
from edge.errors import SourceEnded
from edge.stream.blocks import AudioBlock

RATE_HZ = 16000
BLOCK_FRAMES = 320


class FakeClock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        assert duration_s >= 0
        self.now_s += duration_s


class ScriptedSource:
    """Plays a script: samples are delivered, None is a silence of the clock, errors are raised."""

    def __init__(
        self,
        script: Sequence[np.ndarray | Exception | None],
        *,
        clock: FakeClock,
        sample_rate_hz: int = RATE_HZ,
        n_lost: int = 0,
    ) -> None:
        self.name = "scripted"
        self.sample_rate_hz = sample_rate_hz
        self.is_closed = False
        self._script = list(script)
        self._clock = clock
        self._n_lost = n_lost

    def read(self, *, timeout_s: float) -> AudioBlock | None:
        if not self._script:
            raise SourceEnded("end of script")
        item = self._script.pop(0)
        if isinstance(item, Exception):
            raise item
        if item is None:
            self._clock.sleep(timeout_s)
            return None
        self._clock.sleep(len(item) / self.sample_rate_hz)
        samples = np.array(item, np.float32)
        return make_block(samples, sample_rate_hz=self.sample_rate_hz, n_lost=self._n_lost)

    def close(self) -> None:
        self.is_closed = True


class FakeStream(PortStream):
    """A stream that runs until it is told otherwise."""

    def __init__(self) -> None:
        self.is_alive = True
        self.n_closed = 0

    def is_running(self) -> bool:
        return self.is_alive

    def close(self) -> None:
        self.n_closed += 1


class FakePortAudio(PortAudio):
    """PortAudio with made-up devices; `deliver` plays the part of its thread."""

    def __init__(
        self,
        devices: Sequence[PortDevice],
        *,
        accepts: Callable[[StreamFormat], bool] = lambda _: True,
        open_error: str | None = None,
    ) -> None:
        self.stream = FakeStream()
        self.tried: list[StreamFormat] = []
        self.n_closed = 0
        self._devices = list(devices)
        self._accepts = accepts
        self._open_error = open_error

    def capture_devices(self) -> list[PortDevice]:
        return self._devices

    def refusal(self, index: int, wanted: StreamFormat) -> str | None:
        self.tried.append(wanted)
        return None if self._accepts(wanted) else "Invalid sample rate"

    def open(
        self, index: int, wanted: StreamFormat, *, n_frames: int, on_block: OnBlock
    ) -> PortStream:
        if self._open_error:
            raise OSError(-9985, self._open_error)
        self.deliver = on_block
        self.n_frames = n_frames
        return self.stream

    def close(self) -> None:
        self.n_closed += 1


def port_device(
    name: str, *, index: int = 0, n_channels: int = 1, rate_hz: int = 48000, default: bool = False
) -> PortDevice:
    return PortDevice(
        index=index,
        name=name,
        n_channels=n_channels,
        default_rate_hz=rate_hz,
        is_default=default,
    )


_CONF = """\
pcm.fifomic {{
    type file
    slave.pcm {{ type null }}
    file "/dev/null"
    infile "{fifo}"
    format "raw"
}}
pcm.!default {{ type plug slave {{ pcm fifomic rate 16000 channels 1 format S16_LE }} }}
"""


class FifoMicrophone:
    """A microphone for the real ALSA and the real PortAudio, fed through a FIFO.

    The rules behind it were found the hard way: the FIFO is opened read-write before PortAudio
    looks at it, whole periods are written at once, and only after the stream was opened.
    """

    def __init__(self, folder: Path) -> None:
        self.fifo = folder / "microphone.fifo"
        self.conf = folder / "asound.conf"
        os.mkfifo(self.fifo)
        self.conf.write_text(_CONF.format(fifo=self.fifo))
        self._descriptor = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def speak(self, pcm: bytes, *, period_bytes: int, period_s: float) -> None:
        """Start to feed `pcm` in real time, then zeros without end."""
        thread = threading.Thread(
            target=self._feed, args=(pcm, period_bytes, period_s), daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(5)
        os.close(self._descriptor)

    def _feed(self, pcm: bytes, period_bytes: int, period_s: float) -> None:
        due_s = time.monotonic()
        position = 0
        while not self._stopping.is_set():
            period = pcm[position : position + period_bytes].ljust(period_bytes, b"\0")
            with suppress(BlockingIOError):  # nobody reads any more
                os.write(self._descriptor, period)
                position += period_bytes
            due_s += period_s
            self._stopping.wait(max(0.0, due_s - time.monotonic()))


def drain(source: AudioSource, *, timeout_s: float = 0.0) -> list[AudioBlock]:
    """Return every block up to the end of the source."""
    blocks = []
    try:
        while (block := source.read(timeout_s=timeout_s)) is not None:
            blocks.append(block)
    except SourceEnded:
        return blocks
    raise AssertionError("the source fell silent, but did not end")
