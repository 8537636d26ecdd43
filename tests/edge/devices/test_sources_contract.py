"""What every source of sound must do, whatever it is made of."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edge.devices.microphone import PyAudioMicrophone
from edge.devices.pcmstream import PcmStreamSource
from edge.devices.recording import Pace, RecordingSource
from edge.devices.source import AudioSource
from edge.devices.watch import WatchedSource
from edge.errors import AudioDeviceError, SourceEnded
from tests.fakes.sources import RATE_HZ, FakeClock, FakePortAudio, FifoMicrophone, port_device
from tests.support import need

BLOCK_FRAMES = 320
PCM = (np.sin(np.arange(10 * BLOCK_FRAMES) / 7) * 12000).astype("<i2")
SAMPLES = PCM.astype(np.float32) / 32768


@contextmanager
def _recording(folder: Path, suffix: str, pace: Pace) -> Iterator[AudioSource]:
    soundfile = pytest.importorskip("soundfile")
    path = folder / f"tone{suffix}"
    soundfile.write(path, PCM, RATE_HZ, subtype="PCM_16")
    yield RecordingSource(path, pace=pace)


@contextmanager
def _wav(folder: Path) -> Iterator[AudioSource]:
    with _recording(folder, ".wav", Pace.AS_FAST_AS_POSSIBLE) as source:
        yield source


@contextmanager
def _flac_in_real_time(folder: Path) -> Iterator[AudioSource]:
    with _recording(folder, ".flac", Pace.REAL_TIME) as source:
        yield source


@contextmanager
def _pipe(_folder: Path) -> Iterator[AudioSource]:
    read_end, write_end = os.pipe()

    def write() -> None:
        os.write(write_end, PCM.tobytes())
        os.close(write_end)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(read_end, "rb") as stream:
        yield PcmStreamSource(stream, sample_rate_hz=RATE_HZ)
    writer.join(5)


@contextmanager
def _microphone(folder: Path) -> Iterator[AudioSource]:
    pytest.importorskip("pyaudio")
    microphone = FifoMicrophone(folder)
    previous = os.environ.get("ALSA_CONFIG_PATH")
    os.environ["ALSA_CONFIG_PATH"] = str(microphone.conf)
    try:
        source = PyAudioMicrophone("default")
        microphone.speak(PCM.tobytes(), period_bytes=2 * BLOCK_FRAMES, period_s=0.02)
        yield source
        source.close()
    finally:
        microphone.close()
        if previous is None:
            del os.environ["ALSA_CONFIG_PATH"]
        else:
            os.environ["ALSA_CONFIG_PATH"] = previous


@contextmanager
def _fake_microphone(_folder: Path) -> Iterator[AudioSource]:
    portaudio = FakePortAudio([port_device("Fake")])
    source = PyAudioMicrophone(engine=lambda: portaudio)
    for block in PCM.reshape(-1, BLOCK_FRAMES):
        portaudio.deliver(block.tobytes(), BLOCK_FRAMES, False)
    yield source


@contextmanager
def _watched(folder: Path) -> Iterator[AudioSource]:
    with _fake_microphone(folder) as source:
        yield WatchedSource(lambda: source, monotonic=FakeClock().monotonic)


@pytest.fixture(
    params=[_wav, _flac_in_real_time, _pipe, _microphone, _fake_microphone, _watched],
    ids=lambda opened: opened.__name__.strip("_"),
)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AudioSource]:
    need(hasattr(os, "mkfifo"), "FIFOs")
    with request.param(tmp_path) as opened:
        yield opened
        opened.close()


def _hear(source: AudioSource, n_samples: int) -> np.ndarray:
    blocks = []
    n_heard = 0
    for _ in range(1000):
        block = source.read(timeout_s=0.5)
        if block is not None:
            assert block.n_lost == 0
            assert block.sample_rate_hz == RATE_HZ
            blocks.append(block.samples)
            n_heard += len(block.samples)
        if n_heard >= n_samples:
            break
    return np.concatenate(blocks)


def read_on(source: AudioSource) -> None:
    for _ in range(1000):
        source.read(timeout_s=0)


def test_the_sound_arrives_whole_exact_and_in_order(source: AudioSource) -> None:
    heard = _hear(source, len(SAMPLES))
    assert np.array_equal(heard[: len(SAMPLES)], SAMPLES)


def test_blocks_are_mono_float32_and_read_only(source: AudioSource) -> None:
    block = source.read(timeout_s=5)
    assert block is not None
    assert block.samples.dtype == np.float32
    assert block.samples.shape == (BLOCK_FRAMES,)
    with pytest.raises(ValueError, match="read-only"):
        block.samples[0] = 1


def test_it_has_a_name_for_people_and_a_rate(source: AudioSource) -> None:
    source.read(timeout_s=5)
    assert f"{RATE_HZ} Hz" in source.name
    assert source.sample_rate_hz == RATE_HZ


def test_close_may_be_called_twice_and_ends_the_sound(source: AudioSource) -> None:
    source.read(timeout_s=5)
    source.close()
    source.close()
    with pytest.raises((SourceEnded, AudioDeviceError)):
        read_on(source)
