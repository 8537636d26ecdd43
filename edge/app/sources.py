"""Which source of sound a run listens to."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.config.settings import AudioConfig
from edge.devices.microphone import PyAudioMicrophone
from edge.devices.pcmstream import PcmStreamSource
from edge.devices.recording import Pace, RecordingSource
from edge.devices.source import AudioSource
from edge.devices.watch import WatchedSource
from edge.dsp.pcm import SampleFormat
from edge.service.runner import Source
from edge.stream.blocks import AudioBlock

MICROPHONE = "mic"
RAW = "-"
"""Raw PCM on standard input."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RawFormat:
    """What bytes on standard input mean."""

    sample_rate_hz: int
    n_channels: int
    sample_format: SampleFormat


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSettings:
    """What the command line says about one run."""

    source: str
    """``"mic"``, a recording, or ``"-"`` for raw PCM on standard input."""
    pace: Literal["real-time", "fast"]
    """How a recording is played."""
    config: Path | None
    """The configuration file; None for the usual one."""
    model: Path | None
    log: Path | None
    raw: RawFormat


class UnwatchedSource:
    """A recording or a pipe: it ends, but it is never deaf."""

    fault: str | None = None

    def __init__(self, source: AudioSource) -> None:
        self._source = source
        self.sample_rate_hz = source.sample_rate_hz
        self.name = source.name

    def read(self, *, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if none came in time."""
        return self._source.read(timeout_s=timeout_s)

    def close(self) -> None:
        """Release the file."""
        self._source.close()


def is_live(settings: RunSettings) -> bool:
    """Return whether a run listens to a room, and not to a recording."""
    return settings.source in {MICROPHONE, RAW}


def open_source(audio: AudioConfig, settings: RunSettings) -> Source:
    """Return what a run listens to; a microphone need not be there yet."""
    if settings.source == MICROPHONE:
        return WatchedSource(
            lambda: PyAudioMicrophone(audio.device, block_ms=audio.block_ms, queue_s=audio.queue_s),
            name=audio.device or "the default microphone",
            dead_fault_s=audio.dead_fault_s,
            silent_fault_s=audio.silent_fault_s,
        )
    if settings.source == RAW:
        raw = settings.raw
        return UnwatchedSource(
            PcmStreamSource(
                sys.stdin.buffer,
                sample_rate_hz=raw.sample_rate_hz,
                n_channels=raw.n_channels,
                sample_format=raw.sample_format,
                block_ms=audio.block_ms,
            )
        )
    pace = Pace.REAL_TIME if settings.pace == "real-time" else Pace.AS_FAST_AS_POSSIBLE
    return UnwatchedSource(RecordingSource(settings.source, pace=pace, block_ms=audio.block_ms))
