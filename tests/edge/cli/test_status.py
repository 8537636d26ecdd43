from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli import main
from edge.config.places import Places
from edge.service.status import ModelStatus, write_status
from tests.fakes.ears import alarm
from tests.fakes.service import status


@pytest.fixture(autouse=True)
def no_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the service that may run on this very machine."""
    places = replace(Places.here(), root=tmp_path)
    monkeypatch.setattr(Places, "here", lambda: places)


def say(**changes: object) -> None:
    write_status(Path(os.environ["RUNTIME_DIRECTORY"]) / "status.json", status(**changes))


def lines(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    text = capsys.readouterr().out
    return {line[:12].rstrip(): line[12:] for line in text.splitlines()}


def test_nothing_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 69
    assert "sudo systemctl start ser-edge" in capsys.readouterr().out
    assert main(["status", "--json"]) == 69
    assert json.loads(capsys.readouterr().out) == {"alive": False}


def test_it_listens(capsys: pytest.CaptureFixture[str]) -> None:
    say()
    assert main(["status"]) == 0
    rows = lines(capsys)
    assert rows["listening"] == "USB Mic, 16000 Hz"
    assert rows["hears"] == "sad 71%, somebody speaks, -31 dBFS"
    assert rows["model"] == "room 1"
    assert rows["speed"] == (
        "3.0 ms for a window (at most 9.0), one comes every 500 ms; 1200 so far"
    )
    assert not {"trouble", "lost", "ALARM"} & rows.keys()


def test_muted_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    say(health="muted", source="the microphone, which is muted", state_since=None)
    assert main(["status"]) == 0
    assert lines(capsys)["MUTED"] == "the microphone, which is muted"


def test_everything_that_may_be_wrong_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    say(
        health="deaf",
        fault="no microphone is there",
        model=ModelStatus(id="kitchen-2-ab", name="kitchen", version="2", sha256="ab"),
        on_trial=True,
        n_lost=320,
        alarm="distress",
        alarms=(alarm("a1", reason="sad for 8 s"), alarm("a2", sounding=False)),
        snoozed_until="2026-11-26T14:03:00+00:00",
        trouble=("the settings stay as they were:\n  first\n  second", "the log: disk full"),
    )
    assert main(["status"]) == 69
    text = capsys.readouterr().out
    assert text.splitlines()[0] == "DEAF        no microphone is there"
    for words in (
        "kitchen 2 (kitchen-2-ab), on trial: it has yet to prove itself",
        "320 samples",
        "ALARM       distress: sad for 8 s, raised ",
        "unanswered  distress: distress for 8 s",
        "snoozed     until ",
        "trouble     the settings stay as they were:",
        "              second",
        "trouble     the log: disk full",
    ):
        assert words in text
    assert "hears" not in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"health": "stopped"}, "it was stopped"),
        ({"updated_monotonic_s": 0.0}, "it ended without a word, or is stuck"),
    ],
)
def test_what_ran_once(changes: dict, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(**changes)
    assert main(["status"]) == 69
    assert words in capsys.readouterr().out


def test_json_has_everything(capsys: pytest.CaptureFixture[str]) -> None:
    say()
    assert main(["status", "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["alive"] is True
    assert {name: table[name] for name in ("state", "hop_s", "trouble")} == {
        "state": "sad",
        "hop_s": 0.5,
        "trouble": [],
    }


def test_watching_ends_with_ctrl_c(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    n_left = [3]

    def sleep(_: float) -> None:
        n_left[0] -= 1
        if not n_left[0]:
            raise KeyboardInterrupt

    monkeypatch.setattr("edge.cli.status.time.sleep", sleep)
    say()
    assert main(["status", "--watch"]) == 0
    assert capsys.readouterr().out.count("listening ") == 3
