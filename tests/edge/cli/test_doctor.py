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
from edge.service.checks import sound
from edge.service.checks.finding import Finding
from tests.fakes.specs import FLATBUFFER, manifest

pytest.importorskip("pyaudio")
pytest.importorskip("gpiozero")

NAMES = [
    "config",
    "system",
    "python",
    "machine",
    "power",
    "clock",
    "disk",
    "card",
    "runtime",
    "model",
    "store",
    "signers",
    "portaudio",
    "sound",
    "microphone",
    "format",
    "level",
    "gpio",
    "pins",
    "log",
    "service",
]
# What the machine that runs the tests may suffer from without our doing.
OF_THIS_MACHINE = {"power", "clock", "disk", "card"}


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
    monkeypatch.setattr(sound, "LISTEN_S", 0.2)
    config = tmp_path / "config.toml"
    config.write_text(f'[log]\npath = "{tmp_path}/log.db"\n[audio]\ndevice = "default"\n')
    return config


def test_a_healthy_room(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, findings = _examine(capsys, config=room)
    ills = {name for name, finding in findings.items() if finding.verdict == "problem"}
    assert ills <= OF_THIS_MACHINE
    assert code == (69 if ills else 0)
    assert list(findings) == NAMES
    assert findings["config"].found == str(room)
    assert "golden cases agree" in findings["model"].found
    assert findings["microphone"].found == "2 microphones there; 'default' means default"
    assert findings["format"].found == "16000 Hz"
    assert findings["gpio"].found == "gpiozero uses MockFactory"
    assert all(finding.remedy for finding in findings.values() if finding.verdict != "ok")
    assert all(f.verdict == "ok" for f in findings.values() if f.found.startswith("not applicable"))


def test_a_room_with_a_wrong_microphone_model_and_folder(
    room: Path, capsys: pytest.CaptureFixture[str]
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
    assert findings["store"].found.startswith("not applicable: model.path names")


def test_for_people_a_summary_says_what_comes_next(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    room.write_text('[audio]\ndevice = "RODE"\n')
    doctor.execute(argparse.Namespace(config=room, json=False))
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].split() == ["ok", "config", str(room)]
    assert "PROBLEM  microphone  no microphone is called 'RODE'" in printed
    assert "ser-edge support" in printed.splitlines()[-1]


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
    assert findings["config"].remedy.startswith(f"`sudo nano +2 {room}`")
    assert findings["python"].verdict == "ok"
