"""Real sentences in a made room, at a microphone's rate."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from edge.devices.recording import read_recording
from edge.dsp.resample import resample
from edge.stream.blocks import AudioBlock
from tests.support import data_dir, need

RATE_HZ = 48000
ROOM_DBFS = -62.0


@cache
def sentence(name: str = "03a01Nc") -> np.ndarray:
    """A sentence of EmoDB with its peak at -12 dBFS."""
    path = data_dir() / "emodb" / f"{name}.flac"
    need(path.is_file(), f"emodb/{name}.flac")
    samples, rate_hz = read_recording(path)
    samples = resample(samples, rate_in_hz=rate_hz, rate_out_hz=RATE_HZ)
    return samples / np.abs(samples).max() * np.float32(0.25)


def room(duration_s: float, *, level_dbfs: float = ROOM_DBFS) -> np.ndarray:
    noise = np.random.default_rng(5).normal(0, 1, round(duration_s * RATE_HZ))
    return (noise * 10 ** (level_dbfs / 20)).astype(np.float32)


def said(speech: np.ndarray, *, before_s: float = 0.6, after_s: float = 2.2) -> np.ndarray:
    """The sentence in a quiet room."""
    sound = room(before_s + len(speech) / RATE_HZ + after_s)
    start = round(before_s * RATE_HZ)
    sound[start : start + len(speech)] += speech
    return sound


def blocks(samples: np.ndarray, *, length: int = 960, n_lost: int = 0) -> list[AudioBlock]:
    return [
        AudioBlock(samples=samples[i : i + length], sample_rate_hz=RATE_HZ, n_lost=n_lost)
        for i in range(0, len(samples), length)
    ]


def write(path: Path, *sounds: np.ndarray) -> Path:
    soundfile.write(path, np.concatenate(sounds), RATE_HZ, subtype="PCM_16")
    return path
