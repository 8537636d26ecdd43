"""`ser-edge support`: a file with everything that helps, and neither a secret nor a sound."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest

from edge.cli.main import main
from edge.service.checks import sound
from edge.service.status import write_status
from edge.service.support import machinery, redaction
from tests.edge.record.samples import SESSION, StoppedClock, change, event, open_log
from tests.fakes.service import status

pytest.importorskip("pyaudio")
pytest.importorskip("gpiozero")

# Each is planted in several places: none may come out anywhere.
PLANTED = (
    "hunter2-mqtt",
    "s3cr3t-topic",
    "tk_planted0123456789abcdef",
    "marianne",
    "Marianne Musterfrau",
    "grandma-upstairs",
    "mariannes-pi",
    "192.168.77.88",
    "b8:27:eb:12:34:56",
    "AAAAC3NzaPLANTEDKEY",
    "ann@desk.example",
    "0001PLANTEDSERIAL",
)
SOUND = (b"RIFF", b"WAVEfmt", b"fLaC", b"OggS", b"ID3", b".snd")
PARTS = {
    "MANIFEST.txt",
    "config.json",
    "doctor.json",
    "journal.txt",
    "kernel.txt",
    "log-rows.jsonl",
    "log.json",
    "machine.txt",
    "models.json",
    "service.txt",
    "sound.txt",
    "status.json",
    "versions.txt",
}
TALK = (
    "connecting to mqtt://marianne:hunter2-mqtt@192.168.77.88/x with tk_planted0123456789abcdef; "
    "/home/marianne/x, ssh-ed25519 AAAAC3NzaPLANTEDKEY ann@desk.example, wlan0 b8:27:eb:12:34:56, "
    "password = hunter2-mqtt, topic s3cr3t-topic, grandma-upstairs raised an alarm on mariannes-pi "
    "usb 1-1: SerialNumber: 0001PLANTEDSERIAL, ask Marianne Musterfrau"
)


class Entry:
    pw_name, pw_gecos, pw_uid = "marianne", "Marianne Musterfrau,,,", 1000


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the configuration of a machine on which everything knows every secret."""
    _put_tools(tmp_path / "bin", monkeypatch)
    monkeypatch.setattr(machinery, "runs_systemd", lambda _: True)
    monkeypatch.setattr(redaction.pwd, "getpwall", lambda: [Entry])
    monkeypatch.setattr(redaction.platform, "node", lambda: "mariannes-pi")
    monkeypatch.setenv("SER_NOTIFY_TOPIC", "s3cr3t-topic")
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    monkeypatch.setattr(sound, "LISTEN_S", 1.0)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    write_status(
        tmp_path / "run" / "status.json",
        status(source="marianne's Mic, 16000 Hz", alarm="grandma-upstairs", trouble=(TALK,)),
    )
    _fill_log(tmp_path / "log.db")
    config = tmp_path / "config.toml"
    config.write_text(
        '[log]\npath = "log.db"\n[audio]\ndevice = "marianne"\n'
        '[[alert]]\nname = "grandma-upstairs"\nwhen = ["sad"]\n'
    )
    return config


def _put_tools(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    for name in ("journalctl", "dmesg", "systemctl", "arecord", "amixer", "df", "uname"):
        (folder / name).write_text(f"#!/bin/sh\ncat <<'END'\nusb Environment=X {TALK}\nEND\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def _fill_log(path: Path) -> None:
    log, clock = open_log(path, StoppedClock()), StoppedClock()
    log.begin_session(SESSION, clock.at(0.0))
    log.record(event(), clock.at(0.0))
    log.record_changes([change(rule="grandma-upstairs")], clock.at(1.0))
    log.note("microphone", TALK, clock.at(2.0))
    log.close()


def _contents(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {
            Path(entry.name).name: archive.extractfile(entry).read()
            for entry in archive.getmembers()
        }


def test_no_secret_and_no_sound_comes_out(
    machine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "help.tar.gz"
    assert main(["support", "--config", str(machine), "--out", str(out)]) == 0
    contents = _contents(out)
    assert set(contents) - {"gpio.txt"} == PARTS
    raw = b"\n".join(contents.values())
    leaked = [secret for secret in PLANTED if secret.encode() in raw]
    assert leaked == []
    assert [mark for mark in SOUND if mark in raw] == []
    for name in PARTS:
        text = contents[name].decode("utf-8")  # a text, all of it
        if name.endswith(".json"):
            json.loads(text)
    printed = capsys.readouterr().out
    assert contents["MANIFEST.txt"].decode() in printed
    assert f"written: {out}" in printed


def test_what_helps_is_there(machine: Path, tmp_path: Path) -> None:
    out = tmp_path / "help.tar.gz"
    assert main(["support", "--config", str(machine), "--out", str(out)]) == 0
    contents = _contents(out)
    findings = {one["name"]: one for one in json.loads(contents["doctor.json"])}
    assert findings["config"]["verdict"] == "ok"
    assert json.loads(contents["status.json"])["alarm"] == "rule 1"
    settings = json.loads(contents["config.json"])["settings"]
    assert settings["alert[0].name"]["value"] == "rule 1"
    assert settings["audio.block_ms"]["value"] == 20
    rows = [json.loads(line) for line in contents["log-rows.jsonl"].splitlines()]
    assert [row["table"] for row in rows] == ["notes", "events", "alerts", "notes"]
    assert rows[2]["rule"] == "rule 1"
    assert b"alarm on" in contents["journal.txt"]


@pytest.mark.parametrize("end", ["", "[this is no TOML\n"])
def test_a_configuration_with_faults_keeps_its_secrets_too(
    machine: Path, tmp_path: Path, end: str
) -> None:
    with machine.open("a") as file:
        file.write('[mqtt]\npassword = "hunter2-mqtt"\nurl = "mqtt://b/s3cr3t-topic"\n' + end)
    out = tmp_path / "help.tar.gz"
    assert main(["support", "--config", "config.toml", "--out", "help.tar.gz"]) == 0
    contents = _contents(out)
    assert json.loads(contents["config.json"])["ok"] is False
    raw = b"\n".join(contents.values())
    assert [secret for secret in PLANTED if secret.encode() in raw] == []


def test_the_rows_of_the_log_are_left_out_on_request(machine: Path, tmp_path: Path) -> None:
    out = tmp_path / "help.tar.gz"
    options = ["--without-log", "--config", str(machine), "--out", str(out)]
    assert main(["support", *options]) == 0
    assert set(_contents(out)) - {"gpio.txt"} == PARTS - {"log-rows.jsonl"}


def test_it_refuses_to_overwrite_before_it_does_anything(
    machine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "help.tar.gz"
    out.write_text("precious")
    assert main(["support", "--config", str(machine), "--out", str(out)]) == 74
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"ser-edge: {out} exists and is not overwritten")
    assert out.read_text() == "precious"


def test_its_own_name_tells_when_it_was_made(machine: Path, tmp_path: Path) -> None:
    assert main(["support", "--config", str(machine), "--without-log"]) == 0
    (made,) = tmp_path.glob("ser-edge-support-*T*Z.tar.gz")
    assert json.loads(_contents(made)["status.json"])["health"] == "listening"
