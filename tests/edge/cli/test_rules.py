"""`ser-edge rules test` as a person calls it."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path

import pytest

from edge.cli import main
from edge.errors import (
    EXIT_BAD_DATA,
    EXIT_CONFIG,
    EXIT_IO,
    EXIT_NO_INPUT,
    EXIT_OK,
    EXIT_USAGE,
)
from tests.edge.record.samples import StoppedClock, begun, event
from tests.support import REPOSITORY

ROOM = REPOSITORY / "edge" / "samples" / "room.flac"

RULES = """\
[[alert]]
name = "keen"
when = ["activated"]
confidence = 0.5
hold_s = 1
within_s = 4
notify = ["anna"]
escalate = [{ after_s = 120, light = "double", buzzer = "long" }]

[[alert]]
name = "asleep"
when = ["activated"]
confidence = 0.5
hold_s = 1
within_s = 4
quiet_hours = ["22:00-06:30"]

[[alert]]
name = "afraid"
when = ["fearful"]

[[alert]]
name = "patient"
hold_s = 8

[[channel]]
name = "anna"
url_file = "anna"
"""


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    monkeypatch.setenv("COLUMNS", "80")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(RULES)
    return file


def test_the_timeline_of_a_recording(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--at", "2026-11-26 03:10"]
    assert main(["rules", "test", str(ROOM), "--config", str(config), *at]) == EXIT_OK
    out = capsys.readouterr().out
    assert "room.flac, 0:25 long, as if it had begun on Thu 2026-11-26 at 03:10:00\n" in out
    assert "|0:00" in out
    head, *stories = out.split("\n\n")
    assert "heard by " in head
    assert "▲ somebody is called" in out
    assert "░ holds, but is held back" in out
    story = {text.split(":")[0]: text for text in stories}
    assert "raised" in story["keen"]
    assert "after 120 s light double, buzzer long, tells all" in story["keen"]
    assert "  then, if it is silent and nobody comes:\n" in story["keen"]
    assert "escalated     nobody answered for 120 s" in story["keen"]
    assert "held back     quiet hours 22:00-06:30 (for 0:" in story["asleep"]
    assert "calls nobody: quiet hours 22:00-06:30" in story["asleep"]
    assert "% at most (at 0:2" in story["afraid"]
    assert "60% are asked for" in story["afraid"]
    assert "calls nobody: it held 3.5 s of the 8 s at most (at 0:20)" in story["patient"]
    assert max(len(line) for line in head.splitlines()) <= 80


def test_by_day_it_would_have_called(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--at", "2026-11-26T15:00"]
    assert main(["rules", "test", str(ROOM), "--config", str(config), "--json", *at]) == EXIT_OK
    told = json.loads(capsys.readouterr().out)
    assert {rule["rule"]: rule["n_raised"] for rule in told["rules"]} == {
        "keen": 1,
        "asleep": 1,
        "afraid": 0,
        "patient": 0,
    }
    assert told["began"] == "2026-11-26T15:00:00.000+01:00"
    assert told["alarms"][0]["time"].startswith("2026-11-26T15:00:")
    assert told["afterwards"][-1]["phase"] == "ended"
    assert {state["state"] for state in told["states"]} >= {"angry", "no_speech"}


def test_the_night_when_the_clocks_change(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--at", "2026-10-25 02:59:57"]  # summer time: it is 02:00 again after three seconds
    main(["rules", "test", str(ROOM), "--config", str(config), "--json", *at])
    times = [alarm["time"] for alarm in json.loads(capsys.readouterr().out)["alarms"]]
    assert times[-1].startswith("2026-10-25T02:00:")
    assert times[-1].endswith("+01:00")


def test_a_terminal_that_knows_ascii_only(config: Path) -> None:
    import os
    import subprocess
    import sys

    found = subprocess.run(
        [sys.executable, "-m", "edge", "rules", "test", str(ROOM), "--config", str(config)],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
        cwd=REPOSITORY,
    )
    assert b"^ somebody is called" in found.stdout


def test_a_log(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = StoppedClock()
    log = begun(tmp_path / "log.db", clock)
    for i in range(30):
        log.record(event("angry", at_s=1000.0 * i), clock.at(1000.0 * i))
        log.record(event("no_speech", at_s=1000.0 * i + 20), clock.at(1000.0 * i + 20))
    log.end_session(clock.at(30_000.0))
    log.close()
    assert main(["rules", "test", str(tmp_path / "log.db"), "--config", str(config)]) == EXIT_OK
    out = capsys.readouterr().out
    assert "log.db, from Fri 2026-11-20 23:10:05 to Sat 2026-11-21 07:30:05\n" in out
    assert "|00:00" in out
    assert "lines before these; --json has all" in out
    assert "quieted" not in out
    _, heard = next(line for line in out.splitlines() if line.startswith("heard  ")).split()
    assert set(heard) == {"a", "·"}
    assert out.endswith("each window in between is taken as the change before it\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none.wav"], EXIT_NO_INPUT, "none.wav: cannot be read: No such file or directory"),
        (["text.wav"], EXIT_BAD_DATA, "text.wav"),
        (["other.db"], EXIT_IO, "is a database of another program"),
        ([str(ROOM), "--at", "noon"], EXIT_USAGE, "'noon' is no time; expected for example"),
        ([str(ROOM), "--since", "2h"], EXIT_USAGE, "--since and --until are for logs"),
        (["empty.db", "--at", "now"], EXIT_USAGE, "--at is for recordings"),
        (["empty.db"], EXIT_IO, "has no states of that time"),
        ([str(ROOM), "--config", "wrong.toml"], EXIT_CONFIG, "no channel is called 'bob'"),
    ],
)
def test_what_cannot_be_played(
    arguments: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import sqlite3

    monkeypatch.chdir(tmp_path)
    Path("text.wav").write_text("no sound")
    Path("wrong.toml").write_text("[[alert]]\nname = 'a'\nnotify = ['bob']\n")
    begun(Path("empty.db"), StoppedClock()).close()
    with closing(sqlite3.connect("other.db")) as other, other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    assert main(["rules", "test", *arguments]) == code
    err = capsys.readouterr().err
    assert err.startswith("ser-edge: ")
    assert message in err
