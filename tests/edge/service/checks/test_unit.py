from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.service.checks.unit import PROPERTIES, service
from tests.fakes.service import status

RUNNING = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "SubState": "running",
    "UnitFileState": "enabled",
    "Result": "success",
    "NRestarts": "0",
    "MainPID": str(os.getpid()),
    "ExecMainStatus": "0",
    "StatusText": "listening to USB Mic",
    "Environment": "LG_WD=/run/ser-edge",
    "RuntimeDirectory": "ser-edge",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a machine that systemd started."""
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    return tmp_path


def test_a_machine_without_systemd(tmp_path: Path) -> None:
    assert service(tmp_path).found == "not applicable: systemd does not run here"


def test_a_program_without_systemd_is_looked_at_all_the_same(tmp_path: Path) -> None:
    assert "listens" in service(tmp_path, status=status()).found
    assert service(tmp_path, status=status(health="deaf", fault="unplugged")).verdict == "problem"


@pytest.mark.parametrize(
    ("changes", "verdict", "found", "remedy"),
    [
        ({}, "ok", "active: listening to USB Mic", ""),
        ({"ActiveState": "activating", "StatusText": ""}, "ok", "activating: running", ""),
        ({"UnitFileState": "disabled"}, "warning", "not begin after a reboot", "enable ser-edge"),
        ({"NRestarts": "1"}, "warning", "had to restart it once", "journalctl -u ser-edge"),
        ({"NRestarts": "7"}, "warning", "had to restart it 7 times", "journalctl"),
        ({"Environment": ""}, "ok", "active", ""),
        ({"Environment": "", "RuntimeDirectory": ""}, "warning", "LG_WD", "install.sh"),
        (
            {"ActiveState": "inactive", "SubState": "dead"},
            "problem",
            "does not run (inactive)",
            "sudo systemctl enable --now ser-edge",
        ),
        (
            {"ActiveState": "failed", "ExecMainStatus": "78", "Result": "exit-code"},
            "problem",
            "configuration is wrong",
            "sudo ser-edge check-config",
        ),
        (
            {"ActiveState": "failed", "ExecMainStatus": "69", "Result": "exit-code"},
            "problem",
            "it failed: exit status 69",
            "journalctl",
        ),
        (
            {"ActiveState": "failed", "Result": "watchdog", "ExecMainStatus": "6"},
            "problem",
            "it hung, and systemd ended it",
            "reset-failed",
        ),
        ({"ActiveState": "failed", "Result": "oom-kill"}, "problem", "memory ran out", "journal"),
        ({"ActiveState": "failed", "Result": "new-word"}, "problem", "new-word", "journal"),
        (
            {"ActiveState": "activating", "SubState": "auto-restart", "Result": "signal"},
            "problem",
            "it was killed",
            "journal",
        ),
        ({"LoadState": "masked"}, "problem", "forbidden", "unmask ser-edge"),
        ({"LoadState": "not-found"}, "ok", "not applicable: not installed as a service", ""),
    ],
)
def test_states(root: Path, changes: dict[str, str], verdict: str, found: str, remedy: str) -> None:
    finding = service(root, properties=RUNNING | changes)
    assert (finding.name, finding.verdict) == ("service", verdict)
    assert found in finding.found
    assert (remedy in finding.remedy) if remedy else not finding.remedy


def test_a_program_without_its_unit(root: Path) -> None:
    (root / "opt/ser-edge").mkdir(parents=True)
    finding = service(root, properties={"LoadState": "not-found"})
    assert finding.verdict == "problem"
    assert "install.sh" in finding.remedy


@pytest.mark.parametrize(
    ("changes", "verdict", "found"),
    [
        ({}, "ok", "active: listening"),
        ({"health": "deaf", "fault": "it is gone"}, "problem", "hears nothing: it is gone"),
        ({"health": "deaf", "pid": 1}, "ok", "active: listening"),  # of a former run
        ({"updated_monotonic_s": 0.0}, "problem", "since 2026-11-26T12:00:00Z: it hangs"),
        ({"trouble": ("the log is full", "a model")}, "warning", "the log is full; a model"),
    ],
)  # fmt: skip
def test_what_the_program_says_of_itself(
    root: Path, changes: dict[str, object], verdict: str, found: str
) -> None:
    finding = service(root, properties=RUNNING, status=status(**changes))
    assert finding.verdict == verdict
    assert found in finding.found


def test_systemctl_itself_is_asked(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = root / "bin" / "systemctl"
    tool.parent.mkdir()
    tool.write_text(
        '#!/bin/sh\ntest "$1 $2" = "show ser-edge.service" || exit 1\n'
        f'test "$3" = "--property={",".join(PROPERTIES)}" || exit 1\n'
        "echo LoadState=loaded\necho ActiveState=failed\necho Result=start-limit-hit\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent))
    assert "gave up" in service(root).found


def test_a_systemd_that_does_not_answer(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = root / "bin" / "systemctl"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 'Failed to connect to bus'\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent))
    finding = service(root)
    assert (finding.verdict, finding.remedy) == ("problem", "`sudo reboot`")
