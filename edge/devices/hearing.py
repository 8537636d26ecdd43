"""A short trial of a microphone: how loud it is, and whether it clips."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.devices.microphone import PyAudioMicrophone
from edge.devices.source import AudioSource
from edge.dsp.level import rms_dbfs
from edge.errors import AudioDeviceError

_READ_S: Final = 0.2
_CLIPPED: Final = 0.999


@dataclass(frozen=True, kw_only=True, slots=True)
class Hearing:
    """What a microphone heard in a while."""

    name: str
    level_dbfs: float
    """RMS; -120 for digital silence."""
    clipped_share: float
    """Share of samples at full scale, 0 to 1."""
    n_lost: int


def hear(
    device: str,
    *,
    duration_s: float,
    microphone: Callable[[str], AudioSource] = PyAudioMicrophone,
) -> Hearing:
    """Listen to a microphone for `duration_s`.

    Parameters
    ----------
    device : str
        As in the configuration.
    duration_s : float
        How long.
    microphone : callable
        Opens it.

    Raises
    ------
    AudioDeviceError
        If it cannot be opened or delivers nothing.
    """
    source = microphone(device)
    deadline_s = time.monotonic() + duration_s
    blocks = []
    try:
        while (left_s := deadline_s - time.monotonic()) > 0:
            block = source.read(timeout_s=min(left_s, _READ_S))
            if block is not None:
                blocks.append(block)
        name = source.name
    finally:
        source.close()
    if not blocks:
        raise AudioDeviceError(
            f"{name} delivered nothing for {duration_s:g} s; plug it in again, and see whether "
            "another program uses it (`sudo fuser -v /dev/snd/*`)"
        )
    samples = np.concatenate([block.samples for block in blocks])
    return Hearing(
        name=name,
        level_dbfs=rms_dbfs(samples),
        clipped_share=float(np.mean(np.abs(samples) >= _CLIPPED)),
        n_lost=sum(block.n_lost for block in blocks),
    )
