from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from edge.devices.portaudio import PortAudio
from edge.errors import AudioDeviceError, RuntimeMissingError
from edge.infer.interpreter import Runtime
from edge.service.checks import libraries, system
from edge.service.checks.finding import Finding


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def release(root: Path, *, of: str, version: str) -> Path:
    text = f'PRETTY_NAME="An OS {version}"\nID={of}\nVERSION_ID="{version}"\n'
    return write(root, {"etc/os-release": text})


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder of the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def install(tools: Path, name: str, body: str) -> None:
    write(tools, {name: f"#!/bin/sh\n{body}\n"})
    (tools / name).chmod(0o755)


@pytest.mark.parametrize(
    ("of", "version", "verdict", "words"),
    [
        ("debian", "12", "ok", "An OS 12, 64-bit"),
        ("raspbian", "13", "ok", "An OS 13, 64-bit"),
        ("debian", "11", "problem", "older than Bookworm"),
        ("raspbian", "10", "problem", "older than Bookworm"),
        ("ubuntu", "24.04", "ok", "not one that we test"),
        ("debian", "", "ok", "64-bit"),  # testing has no number yet
    ],
)
def test_systems(tmp_path: Path, of: str, version: str, verdict: str, words: str) -> None:
    finding = system.system(release(tmp_path, of=of, version=version), pointer_bits=64)
    assert (finding.name, finding.verdict) == ("system", verdict)
    assert words in finding.found
    assert ("Raspberry Pi Imager" in finding.remedy) == (verdict != "ok")


def test_a_system_that_says_nothing_of_itself(tmp_path: Path) -> None:
    assert system.system(tmp_path).verdict == "ok"


def test_half_a_system_on_a_whole_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system.platform, "machine", lambda: "aarch64")
    root = release(tmp_path, of="raspbian", version="12")
    assert system.system(root, pointer_bits=64).verdict == "ok"
    finding = system.system(root, pointer_bits=32)
    assert (finding.verdict, "64-bit processor" in finding.found) == ("warning", True)


@pytest.mark.parametrize(
    ("version", "verdict"),
    [((3, 9, 2), "problem"), ((3, 11, 2), "ok"), ((3, 13, 5), "ok"), ((3, 14, 0), "warning")],
)
def test_pythons(version: tuple[int, ...], verdict: str) -> None:
    finding = system.python(version)
    assert finding.verdict == verdict
    assert f"Python {'.'.join(map(str, version))} at {sys.executable}" in finding.found
    assert bool(finding.remedy) == (verdict != "ok")


@pytest.mark.parametrize(("architecture", "verdict"), [("aarch64", "ok"), ("armv6l", "problem")])
def test_processors(
    tmp_path: Path, architecture: str, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge.service import machine

    monkeypatch.setattr(machine.platform, "machine", lambda: architecture)
    root = write(tmp_path, {"proc/device-tree/model": "Raspberry Pi Zero W Rev 1.1\0"})
    finding = system.machine(root)
    assert (finding.verdict, finding.found.split(",")[0]) == (
        verdict,
        "Raspberry Pi Zero W Rev 1.1",
    )


THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
ZONE = "sys/class/thermal/thermal_zone0"
VOLT = "sys/class/hwmon/hwmon1"
ALARM = f"{VOLT}/in0_lcrit_alarm"


@pytest.mark.parametrize(
    ("files", "verdict", "found", "remedy"),
    [
        ({}, "ok", "not applicable", ""),
        ({THROTTLED: "0\n"}, "ok", "not slowed down", ""),
        ({THROTTLED: "50005\n"}, "warning", "too little voltage now", "power supply"),
        ({THROTTLED: "80000\n"}, "warning", "near the temperature limit since start", "air"),
        ({f"{ZONE}/type": "cpu-thermal", f"{ZONE}/temp": "51000"}, "ok", "51 degrees", ""),
        ({f"{ZONE}/type": "cpu-thermal", f"{ZONE}/temp": "84000"}, "warning", "84 deg", "air"),
        ({f"{VOLT}/name": "rpi_volt", ALARM: "1"}, "warning", "voltage", "power"),
        ({f"{VOLT}/name": "rpi_volt", ALARM: "0"}, "ok", "not slowed", ""),
        ({f"{VOLT}/name": "nvme"}, "ok", "not applicable", ""),
    ],
)  # fmt: skip
def test_power(
    tmp_path: Path, tools: Path, files: dict[str, str], verdict: str, found: str, remedy: str
) -> None:
    finding = system.power(write(tmp_path, files))
    assert finding.verdict == verdict
    assert found in finding.found
    assert (remedy in finding.remedy) if remedy else not finding.remedy


def test_a_clock_that_the_network_has_set(tmp_path: Path) -> None:
    finding = system.clock(tmp_path, is_synchronised=True)
    assert finding.verdict == "ok"
    assert "no clock chip" in finding.found
    write(tmp_path, {"sys/class/rtc/rtc0/name": "rpi-rtc"})
    assert "no clock chip" not in system.clock(tmp_path, is_synchronised=True).found


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("CanNTP=no\nNTP=no", "`sudo apt install systemd-timesyncd`"),
        ("CanNTP=yes\nNTP=no", "`sudo timedatectl set-ntp true`"),
        ("CanNTP=yes\nNTP=yes", "connect it to the network"),
    ],
)
def test_a_clock_that_nobody_has_set(tmp_path: Path, tools: Path, said: str, remedy: str) -> None:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    install(tools, "timedatectl", f"test $1 = show && /bin/echo '{said}'")
    finding = system.clock(tmp_path, is_synchronised=False)
    assert (finding.verdict, finding.remedy[: len(remedy)]) == ("warning", remedy)


def test_a_clock_without_systemd(tmp_path: Path, tools: Path) -> None:
    assert "NTP program" in system.clock(tmp_path, is_synchronised=False).remedy


def test_a_clock_of_which_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system.SystemClock, "is_synchronised", lambda _: None)
    finding = system.clock(tmp_path)
    assert (finding.verdict, finding.found[:14]) == ("ok", "not applicable")


def runtime(name: str, monkeypatch: pytest.MonkeyPatch, *, numpy_version: str) -> Finding:
    found = Runtime(name=name, version="2.14.0", interpreter_class=None)
    monkeypatch.setattr(libraries, "find_runtime", lambda _: found)
    return libraries.runtime("auto", numpy_version=numpy_version)


@pytest.mark.parametrize(
    ("name", "numpy_version", "verdict"),
    [
        ("litert", "2.4.6", "ok"),
        ("litert", "1.26.4", "ok"),
        ("tflite-runtime", "1.26.4", "ok"),
        ("tflite-runtime", "2.0.0", "problem"),
    ],
)
def test_runtimes_and_numpy(
    name: str, numpy_version: str, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = runtime(name, monkeypatch, numpy_version=numpy_version)
    assert finding.verdict == verdict
    assert numpy_version in finding.found
    if verdict != "ok":
        assert finding.remedy.endswith(f"{sys.executable} -m pip install 'numpy<2'`")


@pytest.mark.parametrize(
    ("wanted", "package"),
    [("auto", "ai-edge-litert"), ("tflite-runtime", "tflite-runtime 'numpy<2'")],
)
def test_a_missing_runtime(wanted: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> Runtime:
        raise RuntimeMissingError("no TFLite runtime could be imported (a: b; c: d); install one")

    monkeypatch.setattr(libraries, "find_runtime", refuse)
    finding = libraries.runtime(wanted)
    assert finding.verdict == "problem"
    assert finding.remedy.endswith(f"-m pip install {package}`")


def test_who_may_not_write_the_environment_installs_with_sudo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert libraries.install("X").startswith(f"`sudo {sys.executable} -m pip install X")
    monkeypatch.setattr(os, "access", lambda *_: True)
    assert libraries.install("X") == f"`{sys.executable} -m pip install X`"


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (
            "PyAudio is not usable here (libportaudio.so.2: cannot open shared object file); ...",
            "`sudo apt install -y libportaudio2`",
        ),
        (
            "PyAudio is not usable here (No module named 'pyaudio'); ...",
            "`sudo apt install -y portaudio19-dev gcc python3-dev`, then `",
        ),
        ("the sound driver hangs: 4 recordings; plug it in again", "plug it in again"),
        ("PortAudio does not start: -1", "`sudo apt install --reinstall -y libportaudio2`"),
    ],
)
def test_a_missing_portaudio(error: str, remedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: PortAudio) -> None:
        raise AudioDeviceError(error)

    monkeypatch.setattr(PortAudio, "__init__", refuse)
    finding = libraries.portaudio()
    assert (finding.verdict, finding.found) == ("problem", error.partition("; ")[0])
    assert finding.remedy.startswith(remedy)
