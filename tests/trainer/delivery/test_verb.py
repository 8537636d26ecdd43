"""`ser-trainer push` as its user meets it, before devices that a stand-in for ssh leads to."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import REPOSITORY
from tests.trainer.delivery.conftest import ROOM, Devices
from trainer.cli import main


def push(*words: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "trainer", "push", *words)
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_every_host_has_its_line_and_the_worst_decides(
    devices: Devices, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    devices.add("kitchen")
    devices.add("attic", verdict="rolled back", why="too slow: room 1 runs again")
    (tmp_path / "hosts").write_text("attic\n")
    assert main(["push", str(ROOM), "kitchen", "--inventory", str(tmp_path / "hosts")]) == 75
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "kitchen  changed      room 2 runs",
        "attic    rolled back  too slow: room 1 runs again",
    ]
    assert "kitchen: switched; on trial\n" in told.err
    assert "ser-trainer: 1 of 2 hosts without room " in told.err


def test_words_come_in_any_order(
    devices: Devices, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    devices.add("kitchen")
    devices.add("attic")
    words = ["--parallel", "1", str(ROOM), "--timeout", "20", "kitchen", "-o", "Port=7", "attic"]
    assert main(["push", *words]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "kitchen",
        "attic",
    ]
    assert "Port=7" in devices.called()
    with pytest.raises(SystemExit):
        main(["push", *words, "--nonsense"])


def test_json_is_for_programs(devices: Devices, capsys: pytest.CaptureFixture[str]) -> None:
    devices.add("kitchen")
    assert main(["push", str(ROOM), "kitchen", "--json"]) == 0
    (host,) = json.loads(capsys.readouterr().out)["hosts"]
    assert (host["host"], host["outcome"], host["why"]) == ("kitchen", "changed", "room 2 runs")
    assert host["device"]["machine"] == "aarch64"
    assert host["n_sent"] == ROOM.stat().st_size


def test_check_asks_and_sends_nothing(devices: Devices, capsys: pytest.CaptureFixture[str]) -> None:
    devices.add("kitchen")
    assert main(["push", "--check", "kitchen"]) == 0
    assert "kitchen  answered     model room 1, service running" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([], 2, "no model is named"),
        ([str(ROOM)], 2, "no host is named"),
        (["absent.tflite", "kitchen"], 66, "no such model file"),
        (["README.md", "kitchen"], 65, "is no TFLite model"),
        ([str(ROOM), "kitchen", "--key", "absent"], 66, "no such key"),
        ([str(ROOM), "--inventory", "absent"], 66, "check --inventory"),
        ([str(ROOM), "--", "-oProxyCommand=x"], 2, "is no host"),
    ],
)
def test_what_cannot_be_is_said_before_anybody_is_called(
    words: list[str],
    code: int,
    told: str,
    devices: Devices,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(REPOSITORY)
    devices.add("kitchen")
    assert main(["push", *words]) == code
    assert told in capsys.readouterr().err
    assert not (devices.folder / "called").exists()


def test_help_says_outcomes_and_codes() -> None:
    told = push("--help").stdout
    for outcome, code in (("refused", 65), ("rolled back", 75), ("unreachable", 69)):
        assert any(outcome in line and str(code) in line for line in told.splitlines())


def test_no_key_nor_model_is_ever_printed(devices: Devices, tmp_path: Path) -> None:
    devices.add("kitchen", verdict="refused", why="unsigned models are refused here")
    subprocess.run(
        ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")), check=True
    )
    done = push(str(ROOM), "kitchen", "--key", str(tmp_path / "key"), "--json")
    assert done.returncode == 65
    secret = (tmp_path / "key").read_text().splitlines()
    assert not [line for line in secret[1:-1] if line in done.stdout + done.stderr]
    assert "TFL3" not in done.stdout + done.stderr


class Console:
    """A real terminal of 60 columns in which a push runs."""

    def __init__(self, *words: str) -> None:
        pexpect = pytest.importorskip("pexpect")
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "trainer", "push", *words],
            cwd=str(REPOSITORY),
            env=os.environ | {"TERM": "xterm", "NO_COLOR": "1"},
            encoding="utf-8",
            dimensions=(12, 60),
            timeout=60,
        )

    def rest(self) -> str:
        from pexpect import EOF

        self.child.expect(EOF)
        self.child.close()
        return self.child.before


def test_a_terminal_sees_each_host_and_then_the_report(devices: Devices) -> None:
    devices.add("kitchen", trial_s=1.5)
    devices.add("attic", at_once="unchanged")
    console = Console(str(ROOM), "kitchen", "attic")
    console.child.expect(r"kitchen  on trial: [\d.]+ s, needs 1.5")
    told = console.rest()
    report = told.rpartition("\x1b[J")[2].splitlines()
    assert report == ["kitchen  changed      room 2 runs", "attic    unchanged    because"]
    assert console.child.exitstatus == 0


def test_ctrl_c_leaves_a_report_and_130(devices: Devices) -> None:
    devices.add("kitchen", trial_s=60)
    devices.add("attic")
    console = Console(str(ROOM), "kitchen", "attic", "--canary", "1")
    console.child.expect("kitchen  on trial")
    console.child.sendintr()
    told = console.rest()
    assert "kitchen  failed       the push was interrupted;" in told
    assert "attic    not tried    the push ended before its turn" in told
    assert console.child.exitstatus == 130
    assert console.child.signalstatus is None
    assert not (devices.folder / "attic" / "visits").exists()


def test_no_process_is_left_behind(devices: Devices) -> None:
    devices.add("kitchen", trial_s=60)
    running = subprocess.Popen(
        (sys.executable, "-m", "trainer", "push", str(ROOM), "kitchen"),
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    while "on trial" not in running.stderr.readline():
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    running.communicate()
    assert running.returncode == 130
    memory = str(devices.folder / "kitchen")
    assert not [words for words in command_lines() if memory in words]


def command_lines() -> list[str]:
    """Return those of all processes."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has just ended
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found
