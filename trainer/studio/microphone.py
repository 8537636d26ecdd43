"""The trainer's only door to the edge's devices: a microphone, or a recording in its place."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge.devices.microphone import PyAudioMicrophone
from edge.devices.recording import RecordingSource
from edge.devices.source import AudioSource
from edge.errors import AudioDeviceError, SourceEnded
from edge.stream.blocks import AudioBlock
from trainer.studio.session import Ear

PREFERRED_RATE_HZ: Final = 48000
"""What most microphones deliver by themselves; others are taken as they are."""
_BLOCK_S: Final = 0.02
_QUEUE_S: Final = 4.0
_READ_S: Final = 0.1
_DEAD_S: Final = 3.0


class Microphone:
    """A microphone that has to deliver.

    Parameters
    ----------
    source : AudioSource
        The open device.
    """

    def __init__(self, source: AudioSource) -> None:
        self._source = source
        self.name = source.name
        self.sample_rate_hz = source.sample_rate_hz

    def read(self) -> AudioBlock:
        """Return the next block.

        Raises
        ------
        AudioDeviceError
            If none comes for three seconds, or the device says that it is gone.
        """
        for _ in range(round(_DEAD_S / _READ_S)):
            block = self._source.read(timeout_s=_READ_S)
            if block is not None:
                return block
        raise AudioDeviceError(
            f"{self.name} has delivered nothing for {_DEAD_S:g} s; plug it in again and repeat the "
            "command, what was kept stays"
        )

    def flush(self) -> None:
        """Throw away what came while nobody listened."""
        # Bounded: a virtual device may deliver faster than we throw away.
        for _ in range(round(_QUEUE_S / _BLOCK_S)):
            if self._source.read(timeout_s=0.0) is None:
                return

    def close(self) -> None:
        """Release the device."""
        self._source.close()


class Rehearsal:
    """A recording that plays while somebody listens, stands still meanwhile, and begins anew.

    Parameters
    ----------
    path : Path
        The recording.
    sleep : callable
        Waits for a time in seconds; tests do not wait.

    Raises
    ------
    NoInputError, AudioDataError
        If it cannot be read.
    """

    def __init__(self, path: Path, *, sleep: Callable[[float], object] = time.sleep) -> None:
        self._path = path
        self._sleep = sleep
        self._source = RecordingSource(path)
        self.name = self._source.name
        self.sample_rate_hz = self._source.sample_rate_hz

    def read(self) -> AudioBlock:
        """Return the next block, when it would have been spoken."""
        self._sleep(_BLOCK_S)
        try:
            return self._source.read(timeout_s=0.0) or self.read()
        except SourceEnded:
            self._source.close()
            self._source = RecordingSource(self._path)
            return self.read()

    def flush(self) -> None:
        """Nothing is missed: it stands still while nobody listens."""

    def close(self) -> None:
        """Close the file."""
        self._source.close()


def open_ear(device: str, *, rehearsal: Path | None) -> Ear:
    """Open a microphone by its name, the most likely one for ``""``, or a recording instead.

    Raises
    ------
    AudioDeviceError
        If there is no such microphone, or it cannot be used.
    NoInputError, AudioDataError
        If the recording cannot be read.
    """
    if rehearsal is not None:
        return Rehearsal(rehearsal)
    source = PyAudioMicrophone(
        device,
        preferred_rate_hz=PREFERRED_RATE_HZ,
        block_ms=round(_BLOCK_S * 1000),
        queue_s=_QUEUE_S,
    )
    return Microphone(source)
