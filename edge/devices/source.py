"""What every source of sound offers, and how its blocks are made."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.stream.blocks import AudioBlock


class AudioSource(Protocol):
    """Something that delivers mono sound, block by block."""

    @property
    def name(self) -> str:
        """For people: ``"USB PnP Sound Device (hw:1,0), 48000 Hz"``."""

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the blocks."""

    def read(self, *, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if nothing came in time.

        Raises
        ------
        SourceEnded
            At the end of a file or a pipe.
        AudioDeviceError
            If the device has failed.
        AudioDataError
            If a recording cannot be decoded.
        """

    def close(self) -> None:
        """Release everything; may be called twice."""


def make_block(samples: NDArray[np.float32], *, sample_rate_hz: int, n_lost: int = 0) -> AudioBlock:
    """Return a block of read-only `samples`, shape (n,)."""
    samples.flags.writeable = False
    return AudioBlock(samples=samples, sample_rate_hz=sample_rate_hz, n_lost=n_lost)
