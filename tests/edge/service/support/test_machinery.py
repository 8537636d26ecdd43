from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from edge import __version__
from edge.service.support import machinery
from edge.service.support.parts import LeftOutError
from tests.edge.store.models import added, store_in


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the PATH in which a test puts tools that go before the real ones."""
    folder = tmp_path / "bin"
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def install(tools: Path, name: str, body: str) -> None:
    write(tools, {name: f"#!/bin/sh\n{body}\n"})
    (tools / name).chmod(0o755)


@pytest.fixture
def booted(tmp_path: Path) -> Path:
    """Return a machine that systemd started."""
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    return tmp_path


def test_versions_name_what_is_installed() -> None:
    text = machinery.versions()
    assert text.startswith(f"ser-edge {__version__}\n")
    assert any(line.startswith("numpy==") for line in text.splitlines())


def test_the_state_of_the_machine(tmp_path: Path) -> None:
    zone = "sys/class/thermal/thermal_zone0"
    files = {f"{zone}/type": "cpu-thermal", f"{zone}/temp": "51234", "proc/loadavg": "0.5 0.4 0.3"}
    text = machinery.state(write(tmp_path, files))
    assert "temperature: 51.2 degrees Celsius" in text
    assert "proc/loadavg\n0.5 0.4 0.3" in text
    assert "--- df -h\n" in text


def test_the_journal_of_the_unit(booted: Path, tools: Path) -> None:
    install(tools, "journalctl", 'echo "$@"')
    assert machinery.journal(booted) == (
        "--unit=ser-edge.service --no-pager --output=short-iso --no-hostname --lines=500"
    )


@pytest.mark.parametrize("gather", [machinery.journal, machinery.unit])
def test_without_systemd_there_is_nothing_to_ask(tmp_path: Path, gather) -> None:
    with pytest.raises(LeftOutError, match="systemd does not run here"):
        gather(tmp_path)


def test_a_journal_that_may_not_be_read(booted: Path, tools: Path) -> None:
    install(tools, "journalctl", "echo 'No journal files were opened due to permissions.'; exit 1")
    with pytest.raises(LeftOutError, match=r"due to permissions.*sudo ser-edge support"):
        machinery.journal(booted)


def test_of_the_kernel_only_what_concerns_us(tmp_path: Path, tools: Path) -> None:
    lines = ["usb 1-1: new device", "IPv6: wlan0: link", "hwmon: Undervoltage detected!", "x y z"]
    install(tools, "dmesg", "\n".join(f"echo '{line}'" for line in lines))
    assert machinery.kernel(tmp_path) == "usb 1-1: new device\nhwmon: Undervoltage detected!\n"


def test_a_kernel_that_tells_users_nothing_is_asked_by_the_journal(
    booted: Path, tools: Path
) -> None:
    install(tools, "dmesg", "echo 'Operation not permitted' >&2; exit 1")
    install(tools, "journalctl", 'test "$1" = --dmesg && echo "kernel: usb 1-1 is there"')
    assert machinery.kernel(booted) == "kernel: usb 1-1 is there\n"


def test_a_kernel_that_tells_nothing_at_all(tmp_path: Path, tools: Path) -> None:
    install(tools, "dmesg", "echo 'Operation not permitted' >&2; exit 1")
    with pytest.raises(LeftOutError, match="Operation not permitted"):
        machinery.kernel(tmp_path)


def test_sound_cards_their_formats_and_levels(tmp_path: Path, tools: Path) -> None:
    install(tools, "arecord", "echo 'card 1: Device'")
    install(tools, "amixer", 'echo "levels of $2"')
    card = "proc/asound/card1"
    text = machinery.sound(write(tmp_path, {f"{card}/id": "Device", f"{card}/stream0": "Capture:"}))
    assert "--- arecord -l\ncard 1: Device" in text
    assert f"{card}/stream0\nCapture:" in text
    assert "--- amixer -c 1\nlevels of 1" in text


def test_an_absent_tool_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("edge.service.tools._ALSO", "")
    assert machinery.sound(tmp_path) == "--- arecord -l\n(arecord is not installed)\n"


def test_pins_of_a_machine_without(tmp_path: Path) -> None:
    with pytest.raises(LeftOutError, match="no GPIO chip"):
        machinery.pins(tmp_path)


def test_models_and_the_last_trial(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    model = added(store, "1.0")
    store.switch(model.id)
    store.revert(model.id, why="it came late")
    told = json.loads(machinery.models(store))
    assert [one["id"] for one in told["installed"]] == [model.id]
    assert (told["current_id"], told["trial"]) == (None, None)
    assert told["last_trial"]["why"] == "it came late"
