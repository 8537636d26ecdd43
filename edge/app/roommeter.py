"""What a microphone hears of its room for a minute: noise, voices, level, and what to change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.dsp.level import SILENCE_DBFS, rms_dbfs
from edge.service.checks.finding import Finding, well
from edge.stream.blocks import AudioBlock
from edge.stream.vad import GateSettings, SpeechGate
from edge.stream.vad_measures import FRAME_S

_CLIPPED: Final = 0.999
_PIECE_S: Final = 0.1

_MOST_CLIPPED: Final = 1e-4
_MOST_SILENT: Final = 0.5
"""A live microphone is never at exact zero for so much of the time."""
_LOUDEST_ROOM_DBFS: Final = -45.0
_QUIETEST_VOICE_DBFS: Final = -50.0
_LOUDEST_VOICE_DBFS: Final = -18.0
"""Everyday speech; anger is about 10 dB louder, and its peaks 15 dB above its mean."""
_LEAST_SNR_DB: Final = 12.0
_LEAST_VOICE_S: Final = 2.0

_MIXER: Final = "`alsamixer`, F6 to choose the card, F4 for capture: {}; then `sudo alsactl store`"
_TURN_UP: Final = _MIXER.format("switch it on (space) and turn it up (arrow)")
_TURN_DOWN: Final = _MIXER.format("turn it down")


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomReport:
    """What was measured."""

    duration_s: float
    noise_dbfs: float
    """Level of the quietest tenth of the time."""
    voice_dbfs: float | None
    """Median level while somebody spoke; None if hardly anybody did."""
    voice_s: float
    peak_dbfs: float
    clipped_share: float
    """Share of samples at full scale, 0 to 1."""
    silent_share: float
    """Share of the time without any sound at all, not even a microphone's own noise."""
    n_lost: int


class RoomMeter:
    """Takes blocks of one rate and keeps a level for each tenth of a second, no sound."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._gate = SpeechGate(sample_rate_hz, GateSettings())
        self._length = round(_PIECE_S * sample_rate_hz)
        self._waiting = np.zeros(0, np.float32)
        self._levels: list[float] = []
        self._voiced: list[float] = []
        self._n_samples = self._n_clipped = self._n_silent = self._n_lost = 0
        self._n_voice_frames = 0
        self._peak = 0.0

    @property
    def duration_s(self) -> float:
        """Sound that was heard."""
        return self._n_samples / self._rate_hz

    @property
    def level_dbfs(self) -> float:
        """Of the newest tenth of a second."""
        return self._levels[-1] if self._levels else SILENCE_DBFS

    def push(self, block: AudioBlock) -> None:
        """Take the next block."""
        self._n_lost += block.n_lost
        self._waiting = np.concatenate([self._waiting, block.samples])
        while len(self._waiting) >= self._length:
            self._measure(self._waiting[: self._length])
            self._waiting = self._waiting[self._length :]

    def report(self) -> RoomReport:
        """Return what was measured so far."""
        levels = self._levels or [SILENCE_DBFS]
        voice_s = self._n_voice_frames * FRAME_S
        is_voice = bool(self._voiced) and voice_s >= _LEAST_VOICE_S
        return RoomReport(
            duration_s=self.duration_s,
            noise_dbfs=float(np.percentile(levels, 10)),
            voice_dbfs=float(np.median(self._voiced)) if is_voice else None,
            voice_s=voice_s,
            peak_dbfs=_decibel(self._peak),
            clipped_share=self._n_clipped / max(1, self._n_samples),
            silent_share=self._n_silent / max(1, self._n_samples),
            n_lost=self._n_lost,
        )

    def _measure(self, piece: NDArray[np.float32]) -> None:
        sizes = np.abs(piece)
        flags = self._gate.push(piece)
        level = rms_dbfs(piece - np.float32(piece.mean()))
        self._levels.append(level)
        if len(flags) and flags.mean() > 0.5:
            self._voiced.append(level)
        self._n_voice_frames += int(flags.sum())
        self._n_samples += len(piece)
        self._n_clipped += int(np.sum(sizes >= _CLIPPED))
        self._n_silent += len(piece) if level <= SILENCE_DBFS else 0
        self._peak = max(self._peak, float(sizes.max()))


def findings(report: RoomReport) -> Iterator[Finding]:
    """Yield what is well and what to change, most important first."""
    if report.silent_share > _MOST_SILENT:
        yield Finding(
            name="sound",
            verdict="problem",
            found=f"digital silence for {report.silent_share:.0%} of the time: the microphone is "
            "muted, or it is another one that listens",
            remedy=f"{_TURN_UP}; `ser-edge devices` lists the microphones",
        )
        return
    yield _clipping(report)
    yield _noise(report)
    yield _voice(report)
    if report.n_lost:
        yield Finding(
            name="loss",
            verdict="warning",
            found=f"{report.n_lost} samples were lost",
            remedy="stop what else keeps this machine busy; `top` shows it",
        )


def _clipping(report: RoomReport) -> Finding:
    found = f"highest peak {report.peak_dbfs:.1f} dBFS, {report.clipped_share:.2%} clipped"
    if report.clipped_share <= _MOST_CLIPPED:
        return well("clipping", found)
    return Finding(name="clipping", verdict="warning", found=found, remedy=_TURN_DOWN)


def _noise(report: RoomReport) -> Finding:
    found = f"{report.noise_dbfs:.1f} dBFS when nobody speaks"
    if report.noise_dbfs <= _LOUDEST_ROOM_DBFS:
        return well("noise", found)
    return Finding(
        name="noise",
        verdict="warning",
        found=f"loud: {found}",
        remedy="fan, radio, window? Move the microphone away from what hums; if the room is quiet "
        f"to your ear, it is the level: {_TURN_DOWN}",
    )


def _voice(report: RoomReport) -> Finding:
    voice_dbfs = report.voice_dbfs
    if voice_dbfs is None:
        return Finding(
            name="voice",
            verdict="warning",
            found=f"{report.voice_s:.0f} s of speech: nothing can be said of the level",
            remedy=f"run it again, and talk as usual from where people sit; if you did, {_TURN_UP}",
        )
    snr_db = voice_dbfs - report.noise_dbfs
    found = f"{voice_dbfs:.1f} dBFS, {snr_db:.0f} dB above the room, {report.voice_s:.0f} s of it"
    if voice_dbfs < _QUIETEST_VOICE_DBFS:
        return Finding(name="voice", verdict="warning", found=f"quiet: {found}", remedy=_TURN_UP)
    if snr_db < _LEAST_SNR_DB:
        return Finding(
            name="voice",
            verdict="warning",
            found=f"hardly above the room: {found}",
            remedy="bring the microphone nearer to where people talk, or make the room quieter",
        )
    if voice_dbfs > _LOUDEST_VOICE_DBFS:
        return Finding(
            name="voice",
            verdict="warning",
            found=f"loud, a shout will clip: {found}",
            remedy=_TURN_DOWN,
        )
    return well("voice", found)


def _decibel(peak: float) -> float:
    return max(SILENCE_DBFS, float(20 * np.log10(peak))) if peak > 0 else SILENCE_DBFS
