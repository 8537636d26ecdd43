"""No sound leaves the room: what the programs write in an hour of speech holds none of it."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import threading
import wave
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.devices.recording import read_recording
from edge.dsp import framing
from edge.dsp.extract import extract, frames_of
from edge.infer.quantize import quantize
from tests.deploy.privacy import leaking, traced
from tests.deploy.privacy.detector import Detector, forms
from tests.deploy.privacy.house import PROGRAM, beside
from tests.fakes.broker import Broker, Listener, running
from tests.fakes.sound import bundled
from tests.support import REPOSITORY, data_dir

RATE_HZ = 16000
HOUR = 3600 * RATE_HZ
MINUTE = 60 * RATE_HZ
LEAKING = Path(__file__).with_name("leaking.py")

SPEECH_BIT_S = 450
"""Codec 2 codes speech that is just understood with as many bits for each second."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with running(tmp_path) as broker:
        yield broker


def speech(n_samples: int) -> NDArray[np.float32]:
    """Real voices, one after the other, over and over."""
    files = sorted((data_dir() / "ravdess").rglob("*.flac"))[::7]
    pieces: list[NDArray[np.float32]] = []
    n = 0
    while n < n_samples:
        for i, file in enumerate(files):
            samples, rate_hz = read_recording(file)
            assert rate_hz == RATE_HZ
            # Each time at another loudness, so that no second of the hour is another's copy.
            pieces.append(samples * np.float32(0.5 + 0.5 * np.sin(n + i)))
            n += len(samples)
            if n >= n_samples:
                break
    whole = np.concatenate(pieces)[:n_samples]
    return (np.round(whole * 32767).astype("<i2") / np.float32(32768)).astype(np.float32)


def secrets(sound: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
    """What must not be found: the sound, and what the model is given of it."""
    spec, tensor = bundled().manifest.features, bundled().manifest.input_tensor
    step = framing.block_advance(spec.framing)
    starts = range(
        0, len(sound) - 2 * spec.window_length, max(step, len(sound) // 60 // step * step)
    )
    frames = [frames_of(sound[start : start + spec.window_length], spec) for start in starts]
    hop = round(bundled().manifest.decision.hop_s * spec.sample_rate_hz)
    grid = range(0, len(sound) - spec.window_length, max(hop, len(sound) // 60 // hop * hop))
    windows = [extract(sound[start : start + spec.window_length], spec) for start in grid]
    features = np.concatenate([window.ravel() for window in windows])
    rows = np.concatenate([frame.ravel() for frame in frames])
    return {
        **forms(sound, name="the sound"),
        "frames of features as float32": rows.astype("<f4"),
        "frames of features as float64": rows.astype("<f8"),
        "windows of features as float32": features.astype("<f4"),
        "windows of features as float64": features.astype("<f8"),
        "windows of features as the model's integers": quantize(features, tensor),
    }


def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "STATE_DIRECTORY": str(folder / "state"),
        "RUNTIME_DIRECTORY": str(folder / "run"),
    }


def raw_file(folder: Path, sound: NDArray[np.float32]) -> Path:
    path = folder / "sound.raw"
    (sound * 32768).astype("<i2").tofile(path)
    return path


RUN = ["run", "--source", "-"]


def test_an_hour_of_speech_leaves_no_sound_behind(tmp_path: Path, broker: Broker) -> None:
    sound = speech(HOUR)
    env = environment(tmp_path)
    config = tmp_path / "config.toml"
    config.write_text(f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n')
    # What is gathered of a person's usual voice is no sound either.
    agreed = [*PROGRAM, "calibrate", "person", "--days", "1", "--consent", "test"]
    subprocess.run(agreed, env=env, check=True, capture_output=True)
    stop, heard = threading.Event(), list[bytes]()
    with (
        Listener(broker.port) as subscriber,
        beside(tmp_path, config, env) as house,
        ThreadPoolExecutor() as pool,
    ):
        listening = pool.submit(house.listen, stop, heard)
        of_ears = traced.run(
            [*PROGRAM, *RUN, "--config", str(config)],
            tmp_path / "ears.trace",
            stdin=raw_file(tmp_path, sound),
            env=env,
        )
        said = house.analyse(wav(sound[: 20 * RATE_HZ]))
        stop.set()
        listening.result()
    records = (house.deliver, house.dashboard)
    of_others = [traced.written(record) for record in records]
    # They did work, and wrote what they should: else nothing would be shown.
    assert b"probabilities" in said
    assert len(heard) > 20
    assert {heard.topic.rpartition("/")[2] for heard in subscriber.heard} >= {"emotion", "level"}
    n_minutes, n_events, text = logged(tmp_path)
    assert n_minutes >= 60
    assert n_events > 60
    assert any(target.endswith(".db-wal") for target in of_ears.by_target)
    assert any("->127.0.0.1" in target or "TCP" in target for target in of_others[0].by_target)
    assert (
        json.loads((tmp_path / "state" / "adaptation.json").read_text())["usual"]["n_windows"] > 60
    )
    left = b"".join(path.read_bytes() for path in files_under(tmp_path))
    detector = Detector(secrets(sound))
    for written in (of_ears, *of_others):
        assert not written.blind_calls
        assert detector.findings(written.everything) == []
    assert detector.findings(left) == []
    # Nor can it be there in a compressed form: there is no room for it.
    assert 8 * len(zlib.compress(text, 9)) / 3600 < SPEECH_BIT_S / 4


def logged(folder: Path) -> tuple[int, int, bytes]:
    """Return the numbers of minutes and of events, and what of the log comes from the sound."""
    with closing(sqlite3.connect(folder / "state" / "log.db")) as log, log:
        events = log.execute(
            "SELECT at_sample, state, confidence, probabilities, level_dbfs FROM events"
        ).fetchall()
        minutes = log.execute(
            "SELECT states_s, speech_s, mean_level_dbfs, max_level_dbfs FROM minutes"
        ).fetchall()
        alarms = log.execute("SELECT rule, phase, reason FROM alerts").fetchall()
    return len(minutes), len(events), repr([events, minutes, alarms]).encode()


def wav(sound: NDArray[np.float32]) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((sound * 32768).astype("<i2").tobytes())
    return content.getvalue()


def files_under(folder: Path) -> list[Path]:
    places = (folder / "state", folder / "run")
    return [path for place in places for path in place.rglob("*") if path.is_file()]


@pytest.mark.parametrize("leak", leaking.LEAKS)
def test_a_leak_would_be_found(tmp_path: Path, leak: str) -> None:
    sound = speech(MINUTE)
    found = traced.run(
        [sys.executable, str(LEAKING), leak, *RUN],
        tmp_path / "trace",
        stdin=raw_file(tmp_path, sound),
        env={**environment(tmp_path), "PYTHONPATH": str(REPOSITORY)},
    )
    findings = Detector(secrets(sound)).findings(found.everything)
    assert findings, leak
