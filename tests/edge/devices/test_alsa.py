"""The microphone on the real PortAudio and the real ALSA, each in a process of its own.

A process of its own, because ALSA reads its configuration once, and because some of these devices
hang for good: that they do not hang *us* is what is tested.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.sources import FifoMicrophone
from tests.support import REPOSITORY, need

pytest.importorskip("pyaudio")
PRELUDE = """
import json, os, sys, threading, time
import numpy as np
from edge.devices.inventory import list_devices
from edge.devices.microphone import PyAudioMicrophone
from edge.devices.watch import WatchedSource
from edge.errors import AudioDeviceError

def hear(source, n_samples, timeout_s=0.1, n_tries=300):
    blocks = []
    while sum(map(len, blocks)) < n_samples and n_tries:
        block = source.read(timeout_s=timeout_s)
        n_tries -= 1
        if block is not None:
            blocks.append(block.samples)
    return np.concatenate([np.zeros(0, np.float32), *blocks])[:n_samples]

def until(condition, source, n_tries=300):
    while not condition() and n_tries:
        source.read(timeout_s=0.1)
        n_tries -= 1

def feed(fifo, pcm, period_bytes, plugged=None):
    # whole periods in real time, over and over, while plugged in
    descriptor = os.open(fifo, os.O_WRONLY)
    def write():
        position = 0
        while True:
            time.sleep(0.02)
            if plugged is None or plugged.is_set():
                os.write(descriptor, pcm[position : position + period_bytes])
                position = (position + period_bytes) % len(pcm)
    threading.Thread(target=write, daemon=True).start()

def answer(**values):
    print(json.dumps(values), flush=True)
"""


def _run(conf: Path | None, code: str) -> tuple[dict[str, Any], str]:
    """Run `code` with an ALSA configuration; return what it answers, and its standard error."""
    alsa = {"ALSA_CONFIG_PATH": str(conf)} if conf else {}
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + code],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=REPOSITORY,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"} | alsa,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.fixture
def fifo(tmp_path: Path) -> Iterator[FifoMicrophone]:
    microphone = FifoMicrophone(tmp_path)
    yield microphone
    microphone.close()


def _noise(n_samples: int) -> np.ndarray:
    return np.random.default_rng(3).integers(-20000, 20000, n_samples).astype("<i2")


def test_a_file_behind_alsa_arrives_bit_for_bit_and_quietly(tmp_path: Path) -> None:
    raw, conf = tmp_path / "speech.raw", tmp_path / "asound.conf"
    pcm = _noise(16000 * 60)
    raw.write_bytes(pcm.tobytes())
    conf.write_text(
        f'pcm.filemic {{ type file slave.pcm {{ type null }} file "/dev/null" infile "{raw}" '
        'format "raw" }\n'
        "pcm.!default { type plug slave { pcm filemic rate 16000 channels 1 format S16_LE } }\n"
    )
    heard = tmp_path / "heard.npy"
    found, stderr = _run(
        conf,
        f"""
source = PyAudioMicrophone("default", queue_s=3600)  # this device knows no pace
np.save({str(heard)!r}, hear(source, 16000 * 3))
source.close()
answer(name=source.name, devices=[d.name for d in list_devices()])
""",
    )
    assert found == {"name": "default, 16000 Hz", "devices": ["filemic", "default"]}
    assert np.array_equal(np.load(heard), pcm[: 16000 * 3].astype(np.float32) / 32768)
    assert stderr == ""


def test_48_khz_arrives_bit_for_bit(fifo: FifoMicrophone) -> None:
    found, _ = _run(
        fifo.conf,
        f"""
source = PyAudioMicrophone("fifomic", preferred_rate_hz=48000)
pcm = np.random.default_rng(1).integers(-20000, 20000, 960 * 10).astype("<i2")
feed({str(fifo.fifo)!r}, pcm.tobytes(), 960 * 2)
heard = hear(source, len(pcm))
answer(name=source.name, same=bool(np.array_equal(heard, pcm.astype(np.float32) / 32768)))
""",
    )
    assert found == {"name": "fifomic, 48000 Hz", "same": True}


def test_a_wrong_index_is_an_error_and_no_crash(fifo: FifoMicrophone) -> None:
    found, _ = _run(
        fifo.conf,
        """
from edge.devices.portaudio import PortAudio, StreamFormat
portaudio = PortAudio()
wanted = StreamFormat(rate_hz=16000, n_channels=1, sample_format="s16")
texts = []
for call in (portaudio.refusal, lambda *a: portaudio.open(*a, n_frames=320, on_block=None)):
    for index in (7, -1):
        try:
            call(index, wanted)
        except AudioDeviceError as error:
            texts.append(str(error))
answer(texts=texts)
""",
    )
    assert [text.split(":")[0] for text in found["texts"]] == [
        "sound device 7 is gone",
        "sound device -1 is gone",
    ] * 2


def test_a_microphone_that_gives_nothing_is_a_fault_and_hangs_nobody(fifo: FifoMicrophone) -> None:
    found, stderr = _run(
        fifo.conf,
        """
source = WatchedSource(lambda: PyAudioMicrophone("default"), dead_fault_s=0.5)
until(lambda: source.fault, source)
answer(fault=source.fault, failures=source.health.n_failures)
""",
    )
    assert found == {
        "fault": "default, 16000 Hz has delivered nothing for 0.5 s; is it still plugged in?",
        "failures": 1,
    }
    assert "default does not close: its driver hangs" in stderr


def test_a_hanging_driver_does_not_pile_up_threads_for_ever(fifo: FifoMicrophone) -> None:
    found, _ = _run(
        fifo.conf,
        f"""
import edge.devices.microphone as module
module._CLOSE_LIMIT_S = 0.02
for _ in range(4):
    PyAudioMicrophone("default").close()
try:
    PyAudioMicrophone("default")
except AudioDeviceError as error:
    refusal = str(error)
feed({str(fifo.fifo)!r}, bytes(640), 640)  # now all four can end
for _ in range(100):
    time.sleep(0.05)
    try:
        source = PyAudioMicrophone("default")
        break
    except AudioDeviceError:
        source = None
answer(refusal=refusal, is_well_again=source is not None)
os._exit(0)
""",
    )
    assert found["refusal"].startswith("the sound driver hangs: 4 recordings do not close")
    assert found["is_well_again"]


def test_many_openings_leave_nothing_behind(fifo: FifoMicrophone) -> None:
    found, stderr = _run(
        fifo.conf,
        f"""
feed({str(fifo.fifo)!r}, bytes(range(256)) * 5, 640)

def left():
    return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

def cycle():
    source = PyAudioMicrophone("default")
    n_heard = len(hear(source, 320))
    source.close()
    return n_heard

cycle()
before = left()
heard = {{cycle() for _ in range(20)}}
for _ in range(500):  # the kernel takes its time to bury a thread
    if all(now <= then for now, then in zip(left(), before)):
        break
    time.sleep(0.02)
answer(heard=sorted(heard), before=before, after=left())
os._exit(0)
""",
    )
    assert found["heard"] == [320]
    # One of the first opening may have been counted before the kernel had buried it.
    assert all(
        after <= before for after, before in zip(found["after"], found["before"], strict=True)
    )
    assert stderr == ""


def test_digital_silence_is_a_fault(fifo: FifoMicrophone) -> None:
    found, _ = _run(
        fifo.conf,
        f"""
feed({str(fifo.fifo)!r}, bytes(640), 640)
source = WatchedSource(lambda: PyAudioMicrophone("default"), silent_fault_s=1)
until(lambda: source.fault, source)
health = source.health
source.close()
answer(fault=source.fault, opens=health.n_opens, is_open=health.is_open)
""",
    )
    assert found["fault"].startswith("only digital silence for 1 s: the microphone is muted")
    assert (found["opens"], found["is_open"]) == (1, True)


def test_a_microphone_that_vanishes_and_comes_back_is_heard_again(fifo: FifoMicrophone) -> None:
    """The reader itself feeds the FIFO, so that it can pull the plug and put it back."""
    found, _ = _run(
        fifo.conf,
        f"""
plugged = threading.Event()
pcm = np.random.default_rng(1).integers(-9000, 9000, 320).astype("<i2").tobytes()
feed({str(fifo.fifo)!r}, pcm, 640, plugged)
source = WatchedSource(lambda: PyAudioMicrophone("default"), dead_fault_s=0.5)
plugged.set()
before = hear(source, 3200)
plugged.clear()
until(lambda: source.fault, source)
fault = source.fault
plugged.set()
after = hear(source, 3200)
health = source.health
source.close()
answer(before=len(before), fault=fault, after=len(after), now=source.fault,
       opens=health.n_opens, outage_s=health.outage_s)
""",
    )
    assert (found["before"], found["after"]) == (3200, 3200)
    assert "delivered nothing" in found["fault"]
    assert found["now"] is None
    assert found["opens"] >= 2
    assert found["outage_s"] > 0.5


def test_a_machine_without_any_device_says_so_and_nothing_else() -> None:
    need(not Path("/dev/snd").exists(), "a machine without a sound card")
    found, stderr = _run(
        None,
        """
try:
    PyAudioMicrophone()
except AudioDeviceError as error:
    answer(error=str(error), devices=list_devices())
""",
    )
    assert found["error"].startswith("no microphone found; plug in a USB microphone")
    assert found["devices"] == []
    assert stderr == ""


def test_the_noise_of_alsa_is_kept_for_debugging() -> None:
    _, stderr = _run(
        None,
        """
import logging
logging.basicConfig(level=logging.DEBUG, format="%(name)s %(levelname)s %(message)s")
list_devices()
answer()
""",
    )
    lines = stderr.splitlines()
    assert lines
    assert all(line.startswith("edge.devices.quiet DEBUG ") for line in lines)
