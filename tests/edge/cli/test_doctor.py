"""`ser-edge doctor`: each finding has a verdict, and each ill has a remedy."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from edge.app.models import bundled_sample
from edge.cli import doctor
from edge.contract.bundle import write_bundle
from edge.contract.labels import SEXES
from edge.devices.hearing import Hearing
from edge.errors import AudioDeviceError
from edge.service import checks
from edge.service.checks import Check, Finding, judge_level
from tests.fakes.specs import FLATBUFFER, manifest

pytest.importorskip("pyaudio")
pytest.importorskip("gpiozero")


def _examine(
    capsys: pytest.CaptureFixture[str], *, config: Path | None = None
) -> tuple[int, dict[str, Finding]]:
    code = doctor.execute(argparse.Namespace(config=config, json=True))
    findings = [Finding(**finding) for finding in json.loads(capsys.readouterr().out)]
    return code, {finding.name: finding for finding in findings}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the configuration of a room whose microphone and GPIO are there."""
    raw, conf = tmp_path / "room.raw", tmp_path / "asound.conf"
    raw.write_bytes(bytes(range(1, 120, 2)) * 40_000)
    conf.write_text(
        f'pcm.room {{ type file slave.pcm {{ type null }} file "/dev/null" infile "{raw}" '
        'format "raw" }\n'
        "pcm.!default { type plug slave { pcm room rate 16000 channels 1 format S16_LE } }\n"
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(conf))
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    monkeypatch.setattr(checks, "_LISTEN_S", 0.2)
    config = tmp_path / "config.toml"
    config.write_text(f'[log]\npath = "{tmp_path}/log.db"\n[audio]\ndevice = "default"\n')
    return config


def test_a_healthy_room(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, findings = _examine(capsys, config=room)
    ills = [finding for finding in findings.values() if finding.verdict == "problem"]
    assert ills == []
    assert code == 0
    assert list(findings) == [
        "config",
        "python",
        "machine",
        "runtime",
        "model",
        "portaudio",
        "microphone",
        "level",
        "gpio",
        "log",
    ]
    assert findings["config"].found == str(room)
    assert "golden cases agree" in findings["model"].found
    assert findings["microphone"].found == "2 there; 'default' means default"
    assert findings["gpio"].found == "MockFactory"


def test_the_same_for_people(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.execute(argparse.Namespace(config=room, json=False)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ok", "config", str(room)]
    assert lines[1].split()[:3] == ["ok", "python", "Python"]


def test_a_room_with_a_wrong_microphone_model_and_folder(
    room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    room.write_text(
        f'[audio]\ndevice = "RODE"\n[model]\npath = "{bundled_sample()}"\n'
        '[log]\npath = "/proc/nowhere/log.db"\n'
    )
    code, findings = _examine(capsys, config=room)
    assert code == 69
    ills = {name for name, finding in findings.items() if finding.verdict == "problem"}
    assert {"microphone", "model"} <= ills
    assert "no microphone is called 'RODE'" in findings["microphone"].found
    assert all(finding.remedy for finding in findings.values() if finding.name in ills)
    assert "level" not in findings


def test_a_model_without_emotions_is_not_for_a_room(
    room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sexes.tflite"
    write_bundle(
        path,
        flatbuffer=FLATBUFFER,
        manifest=manifest(labels=SEXES),
        golden_cases=[],
        model_card="",
    )
    room.write_text(f'[model]\npath = "{path}"\n')
    code, findings = _examine(capsys, config=room)
    assert code == 69
    assert findings["model"].verdict == "problem"
    assert "tells the speaker's sex (female, male)" in findings["model"].found
    assert findings["model"].remedy.startswith("name another with --model or model.path")


def test_a_wrong_configuration_does_not_end_the_examination(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    room.write_text("[audio]\ndevise = 3\n")
    code, findings = _examine(capsys, config=room)
    assert code == 69
    assert "devise" in findings["config"].found
    assert findings["python"].verdict == "ok"


@pytest.mark.parametrize(
    ("kind", "verdict"), [("none", "ok"), ("auto", "warning"), ("leds", "problem")]
)
def test_a_missing_gpio_matters_as_much_as_it_is_wanted(
    kind: str, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nonesuch")
    finding = checks.gpio(kind)
    assert finding.verdict == verdict
    assert (finding.remedy != "") == (verdict != "ok")


@pytest.mark.parametrize(
    ("level_dbfs", "clipped_share", "n_lost", "verdict", "remedy"),
    [
        (-40.0, 0.0, 0, "ok", ""),
        (-120.0, 0.0, 0, "problem", "unmute"),
        (-75.0, 0.0, 0, "problem", "turn it up"),
        (-6.0, 0.02, 0, "warning", "down"),
        (-40.0, 0.0, 320, "warning", "busy"),
    ],
)
def test_levels(
    level_dbfs: float, clipped_share: float, n_lost: int, verdict: str, remedy: str
) -> None:
    heard = Hearing(
        name="Mic, 16000 Hz", level_dbfs=level_dbfs, clipped_share=clipped_share, n_lost=n_lost
    )
    finding = judge_level(heard)
    assert finding.verdict == verdict
    assert remedy in finding.remedy
    assert "Mic, 16000 Hz" in finding.found


@pytest.mark.parametrize(
    ("error", "found", "remedy"),
    [
        (AudioDeviceError("it is busy; stop arecord"), "it is busy", "stop arecord"),
        (ZeroDivisionError("a bug"), "ZeroDivisionError: a bug", "report this text"),
    ],
)
def test_a_check_that_fails_is_a_finding(error: Exception, found: str, remedy: str) -> None:
    def look() -> Finding:
        raise error

    expected = Finding(name="it", verdict="problem", found=found, remedy=remedy)
    assert Check(name="it", look=look).finding() == expected


def test_a_log_folder_that_cannot_be_written() -> None:
    finding = checks.log_folder(Path("/proc/log.db"), max_mb=1)  # not even root may
    assert finding.verdict == "problem"
    assert "read-only" in finding.found
    assert "set log.path" in finding.remedy


def test_a_log_without_room_to_grow(tmp_path: Path) -> None:
    finding = checks.log_folder(tmp_path / "new" / "log.db", max_mb=1e12)
    assert (finding.verdict, finding.remedy) == (
        "warning",
        "free some space, or lower log.max_mb",
    )
