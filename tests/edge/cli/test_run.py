"""The main job as its user runs it: a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.dsp.pcm import encode_s16
from tests.fakes.sound import SAMPLE, sample
from tests.support import need

EDGE = [sys.executable, "-m", "edge"]


def run(*argv: str | Path, **options: object) -> subprocess.CompletedProcess:
    command = [*EDGE, *map(str, argv)]
    options = {"capture_output": True, "text": True, "timeout": 120} | options
    return subprocess.run(command, check=False, **options)


def events(db: Path) -> list[dict]:
    done = run("log", "--db", db, "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    kept = ("at_sample", "state", "confidence", "probabilities")
    return [{key: row[key] for key in kept} for row in rows]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[dict]]:
    db = tmp_path_factory.mktemp("replay") / "log.db"
    done = run("run", "--source", SAMPLE, "--fast", "--log", db)
    assert done.returncode == 0, done.stderr
    return done.stdout, events(db)


def test_a_replay_says_what_listens_and_leaves_its_events_in_the_log(
    replayed: tuple[str, list[dict]],
) -> None:
    text, found = replayed
    assert "listening to room.flac, 16000 Hz" in text
    assert found
    assert all(f"{event['state']} " in text for event in found)


def test_raw_pcm_on_standard_input_gives_the_same_events(
    replayed: tuple[str, list[dict]], tmp_path: Path
) -> None:
    db = tmp_path / "log.db"
    command = [*EDGE, "run", "--source", "-", "--log", str(db)]
    subprocess.run(
        command, input=encode_s16(sample()), check=True, capture_output=True, timeout=120
    )
    assert events(db) == replayed[1]


@pytest.mark.parametrize("block_ms", [5, 173])
def test_any_size_of_block_gives_the_same_events(
    block_ms: int, replayed: tuple[str, list[dict]], tmp_path: Path
) -> None:
    db = tmp_path / "log.db"
    environment = os.environ | {"SER_EDGE_AUDIO_BLOCK_MS": str(block_ms)}
    done = run("run", "--source", SAMPLE, "--fast", "--log", db, env=environment)
    assert done.returncode == 0, done.stderr
    assert events(db) == replayed[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_it_cleanly(number: int, tmp_path: Path) -> None:
    db = tmp_path / "log.db"
    command = [*EDGE, "run", "--source", str(SAMPLE), "--log", str(db)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while "log " not in process.stdout.readline():
        pass
    time.sleep(1.0)  # some sound must have been taken in
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in errors
    notes = run("log", "--db", db, "--notes", "--json").stdout
    assert {json.loads(line)["kind"] for line in notes.splitlines()} >= {"start", "stop"}


def test_the_live_line_on_a_terminal(tmp_path: Path) -> None:
    db = tmp_path / "log.db"
    command = " ".join([*EDGE, "run", "--source", str(SAMPLE), "--fast", "--log", str(db)])
    done = subprocess.run(
        ["script", "-qec", command, "/dev/null"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    assert "dBFS" in done.stdout
    assert "LEDs" in done.stdout


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("absent.wav", 66, "absent.wav"),
        ("{folder}", 65, "folder"),
        ("{text}", 65, "text"),
    ],
)
def test_sources_that_cannot_be_played(
    source: str, code: int, message: str, tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("no sound")
    (tmp_path / "folder").mkdir()
    named = source.format(folder=tmp_path / "folder", text=tmp_path / "text")
    done = run("run", "--source", named, "--log", tmp_path / "log.db")
    assert done.returncode == code
    assert done.stderr.startswith("ser-edge: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_log_that_cannot_be_written_does_not_stop_the_ears(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("run", "--source", SAMPLE, "--fast", "--log", tmp_path / "file" / "log.db")
    assert done.returncode == 0
    assert "the log has failed, listening goes on" in done.stderr
    assert "%" in done.stdout


def test_pins_that_cannot_be_used_do_not_stop_the_ears(tmp_path: Path) -> None:
    need(importlib.util.find_spec("gpiozero"), "gpiozero")
    # gpiozero's plain mock pins cannot be dimmed.
    environment = os.environ | {"GPIOZERO_PIN_FACTORY": "mock"}
    db = tmp_path / "log.db"
    done = run("run", "--source", SAMPLE, "--fast", "--log", db, env=environment)
    assert done.returncode == 0
    assert "no panel, listening goes on: LED 'calm' on GPIO 17 cannot be dimmed" in done.stderr
    assert events(db)
