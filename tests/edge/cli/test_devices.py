"""`ser-edge devices`, with the real PortAudio on ALSA's file plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support import REPOSITORY, need

pytest.importorskip("pyaudio")


@pytest.fixture
def alsa(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a machine with one microphone, which hears a tone."""
    raw, conf = tmp_path / "tone.raw", tmp_path / "asound.conf"
    tone = np.sin(np.arange(16000 * 120) / 7) * 32767 / 10
    raw.write_bytes(tone.astype("<i2").tobytes())
    conf.write_text(
        f'pcm.tone {{ type file slave.pcm {{ type null }} file "/dev/null" infile "{raw}" '
        'format "raw" }\n'
        "pcm.!default { type plug slave { pcm tone rate 16000 channels 1 format S16_LE } }\n"
    )
    return {"ALSA_CONFIG_PATH": str(conf)}


def _devices(*arguments: str, alsa: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge", "devices", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=REPOSITORY,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"} | alsa,
    )


def test_the_table_says_what_to_write_into_the_configuration(alsa: dict[str, str]) -> None:
    done = _devices(alsa=alsa)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split() for line in lines] == [
        ["audio.device", "=", "name", "channels", "rate", "notes"],
        ['"tone"', "tone", "128", "44100", "Hz"],
        ['"default"', "default", "128", "16000", "Hz", "taken", "for", '"",', "system", "default"],
    ]


def test_json_with_levels(alsa: dict[str, str]) -> None:
    done = _devices("--json", "--listen", "0.3", alsa=alsa)
    assert (done.returncode, done.stderr) == (0, "")
    devices = {device["name"]: device for device in json.loads(done.stdout)}
    assert set(devices) == {"tone", "default"}
    default = devices["default"]
    assert default["level_dbfs"] == pytest.approx(-23.0, abs=0.5)
    assert (default["config_value"], default["is_first_choice"]) == ("default", True)
    assert "index" not in default


def test_without_a_microphone_it_says_what_to_do() -> None:
    need(not Path("/dev/snd").exists(), "a machine without a sound card")
    done = _devices(alsa={})
    assert done.returncode == 69
    assert done.stdout == ""
    assert done.stderr == (
        "ser-edge: no microphone found; plug in a USB microphone and see whether `arecord -l` "
        "lists it\n"
    )


@pytest.mark.parametrize("seconds", ["0", "-1", "61", "soon", "nan"])
def test_a_silly_time_is_refused(seconds: str) -> None:
    done = _devices(f"--listen={seconds}", alsa={})
    assert done.returncode == 2
    assert f"{seconds!r} is no time between 0 and 60 seconds" in done.stderr
