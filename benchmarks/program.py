"""What the whole program costs: processor time, start, memory; each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from edge.app import models
from edge.config.settings import Config
from edge.contract.bundle import ModelBundle
from edge.stream.frontend import StreamedFeatures

PIPELINE = """
import sys, time
import soundfile
from edge.app import models
from edge.config.load import load_config
from edge.dsp.resample import resample
from edge.service.benchmark import measure
classifier = models.open_classifier(load_config(file=None).config)
speech, rate_hz = soundfile.read(sys.argv[1], dtype="float32")
speed = measure(
    classifier, speech, microphone_rate_hz=int(sys.argv[2]), block_ms=20, duration_s=240.0
)
print(3600 * speed.share_of_core)
"""

N_STARTS = 7


def pipeline_cpu_s(speech: Path, *, rate_hz: int) -> float:
    """Return the seconds of CPU for an hour without a pause, measured on four minutes."""
    printed = subprocess.run(
        [sys.executable, "-c", PIPELINE, str(speech), str(rate_hz)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return float(printed)


def start_to_result_s(speech: Path) -> tuple[float, float]:
    """Return wall clock and CPU of `ser-edge analyze` of three seconds; medians of `N_STARTS`."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        samples, rate_hz = soundfile.read(speech, dtype="int16")
        soundfile.write(clip, samples[: 3 * rate_hz], rate_hz)
        spent = [
            _timed([sys.executable, "-m", "edge", "analyze", str(clip)]) for _ in range(N_STARTS)
        ]
    return tuple(float(np.median(column)) for column in zip(*spent, strict=True))


def run_memory_mb(speech: Path, *, hours: float) -> tuple[float, list[float]]:
    """Pipe speech into `ser-edge run`; return the peak, and the memory at ten moments."""
    pcm = soundfile.read(speech, dtype="int16")[0].tobytes()
    n_repeats = max(10, round(hours * 3600 * 16000 * 2 / len(pcm)))
    moments = {round(n_repeats * i / 10) for i in range(1, 11)}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "edge", "run", "--source", "-"]
        with subprocess.Popen(
            [*command, "--log", f"{folder}/log.db"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"XDG_STATE_HOME": folder},
        ) as process:
            assert process.stdin is not None
            resident = []
            for i in range(1, n_repeats + 1):
                process.stdin.write(pcm)
                if i in moments:
                    resident.append(round(_status_mb(process.pid, "VmRSS"), 1))
            peak = _status_mb(process.pid, "VmHWM")
            process.stdin.close()
    return peak, resident


def stream_cost_ms(speech: Path, *, hours: float) -> list[float]:
    """Return the CPU per second of sound of the front end, in each tenth of hours of streaming.

    The features are the bundled model's; the sound comes in pieces of 20 ms.
    """
    stream = StreamedFeatures(ModelBundle.load(models.model_path(Config())).manifest.features)
    sound = soundfile.read(speech, dtype="float32")[0]
    pieces = np.array_split(sound, len(sound) // 320)
    n_repeats = max(1, round(hours * 360 * 16000 / len(sound)))
    costs = []
    for _ in range(10):
        started_s = time.process_time()
        for _ in range(n_repeats):
            for piece in pieces:
                stream.push(piece)
        seconds = n_repeats * len(sound) / 16000
        costs.append(1e3 * (time.process_time() - started_s) / seconds)
    return costs


def _timed(command: list[str]) -> tuple[float, float]:
    started_s, before = time.perf_counter(), os.times()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    cpu_s = after.children_user + after.children_system
    cpu_s -= before.children_user + before.children_system
    return time.perf_counter() - started_s, cpu_s


def _status_mb(pid: int, key: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"/proc/{pid}/status has no {key}")
