from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge.app import adaptation, calibrating
from edge.app.roommeter import RoomMeter, findings
from edge.cli.main import main
from edge.config.places import Places
from edge.dsp.pcm import encode_s16
from edge.errors import EXIT_BAD_DATA, EXIT_NO_CONSENT, EXIT_NO_INPUT, EXIT_OK, EXIT_USAGE
from edge.record.query import EventRow, LogReader, Selection
from edge.service.status import status_file, write_status
from tests.fakes.service import status
from tests.fakes.sound import SAMPLE, block, sample

RATE_HZ = 16000


def ser_edge(*argv: str | Path) -> int:
    return main(["calibrate", *map(str, argv)])


@pytest.fixture
def path() -> Path:
    return adaptation.state_file(Places.here())


@pytest.fixture
def answers(monkeypatch):
    given: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        if not given:
            raise EOFError
        return given.pop(0)

    asked: list[str] = []
    monkeypatch.setattr("builtins.input", answer)
    return given


@pytest.mark.parametrize("typed", [[], ["no"], ["YES!"], ["y"], ["yes", ""], ["yes"]])
def test_without_consent_nothing_is_kept(typed, answers, path, capsys):
    answers += typed
    assert ser_edge("person", "--source", SAMPLE) == EXIT_NO_CONSENT
    told = capsys.readouterr()
    assert "consent was not given; nothing is kept" in told.err
    assert "Kept are no sound, no words" in told.out
    assert not path.exists()


def test_who_agrees_is_written_down_and_the_voice_is_gathered(answers, path, capsys):
    answers += ["yes", "Otto, her son"]
    assert ser_edge("person", "--source", SAMPLE) == EXIT_OK
    found = adaptation.read(path)
    assert found.consent.agreed_by == "Otto, her son"
    assert found.consent.wording == "1 en"
    assert 40 <= found.usual.n_windows <= 50
    assert not found.gathers(calibrating.now())
    told = capsys.readouterr().out
    assert str(path) in told
    assert "agreed by    Otto, her son" in told
    assert "s of speech are still missing" in told


def test_a_german_is_asked_in_german(answers, path, capsys):
    answers += ["ja", "Otto"]
    argv = ("person", "--language", "de", "--source", SAMPLE)
    assert ser_edge(*argv) == EXIT_OK
    assert adaptation.read(path).consent.wording == "1 de"
    assert "5 Minuten lang hält ser-edge fest" in capsys.readouterr().out
    assert ser_edge("reset") == EXIT_OK
    answers += ["yes", "Otto"]
    assert ser_edge(*argv) == EXIT_NO_CONSENT
    assert not path.exists()


def test_show_export_switch_and_reset(path, tmp_path, capsys):
    assert ser_edge("person", "--source", SAMPLE, "--consent", "Anna") == EXIT_OK
    assert ser_edge("person", "--source", SAMPLE, "--consent", "Anna") == EXIT_USAGE
    assert "ser-edge calibrate reset" in capsys.readouterr().err
    assert ser_edge("export", tmp_path / "mine.json") == EXIT_OK
    assert json.loads((tmp_path / "mine.json").read_text()) == json.loads(path.read_text())
    assert ser_edge("off") == EXIT_OK
    assert adaptation.read(path).paused
    assert ser_edge("on") == EXIT_OK
    assert not adaptation.read(path).paused
    assert ser_edge("reset") == EXIT_OK
    assert not path.exists()
    capsys.readouterr()
    for action in (["show"], ["export", "-"], ["on"], ["off"]):
        assert ser_edge(*action) == EXIT_NO_INPUT
        assert "`ser-edge calibrate person` begins" in capsys.readouterr().err
    assert ser_edge("reset") == EXIT_OK


def test_it_says_what_stands_between_a_known_voice_and_decisions(path, tmp_path, capsys):
    long = tmp_path / "long.flac"
    soundfile.write(long, np.tile(sample(), 9), RATE_HZ)
    assert ser_edge("person", "--source", long, "--consent", "Anna") == EXIT_OK
    assert adaptation.read(path).usual.is_known
    assert "plain: the settings say so" in capsys.readouterr().out
    config = tmp_path / "config.toml"
    config.write_text("[adaptation]\nenabled = true\n")
    assert ser_edge("--config", config, "show") == EXIT_OK
    told = capsys.readouterr().out
    assert "decisions    relative to this voice" in told
    assert "of it sounded so to the model alone" in told
    assert ser_edge("--config", config, "off") == EXIT_OK
    assert "plain: switched off" in capsys.readouterr().out


def test_a_damaged_file_is_one_sentence_and_reset_removes_it(path, capsys):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{")
    for action in (["show"], ["on"], ["person", "--consent", "Anna"]):
        assert ser_edge(*action) == EXIT_BAD_DATA
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert "ser-edge calibrate reset" in line
    assert ser_edge("reset") == EXIT_OK
    assert not path.exists()


def test_a_model_that_nobody_measured_is_refused(monkeypatch, path, capsys):
    monkeypatch.setattr(adaptation, "REFERENCES", {})
    assert ser_edge("person", "--source", SAMPLE, "--consent", "Anna") == EXIT_BAD_DATA
    assert "was not measured for this" in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.parametrize(
    "argv",
    [
        ("person", "--minutes", "0", "--consent", "A"),
        ("person", "--days", "15", "--consent", "A"),
        ("person", "--days", "1", "--source", "x.wav", "--consent", "A"),
        ("room", "--seconds", "1"),
    ],
)
def test_what_makes_no_sense_is_refused(argv, path):
    assert ser_edge(*argv) == EXIT_USAGE
    assert not path.exists()


def test_a_recording_is_refused_while_the_service_would_write_over_it(path, capsys):
    write_status(status_file(Places.here()), status())
    assert ser_edge("person", "--source", SAMPLE, "--consent", "Anna") == EXIT_USAGE
    assert "leave out --source and let it gather" in capsys.readouterr().err
    assert not path.exists()


def test_the_service_gathers_over_days_and_shows_it(path, capsys):
    assert ser_edge("person", "--days", "3", "--consent", "Anna") == EXIT_OK
    assert "it gathers while the service listens" in capsys.readouterr().out
    command = [sys.executable, "-m", "edge", "run", "--source", "-"]
    pcm = encode_s16(sample())
    subprocess.run(command, input=pcm, check=True, capture_output=True, timeout=120)
    found = adaptation.read(path)
    assert found.gathers(calibrating.now())
    assert 40 <= found.usual.n_windows <= 50
    assert ser_edge("show") == EXIT_OK
    assert "gathers      until" in capsys.readouterr().out


def test_the_log_tells_decisions_that_are_relative_from_plain_ones(path, tmp_path):
    long = tmp_path / "long.flac"
    soundfile.write(long, np.tile(sample(), 9), RATE_HZ)
    assert ser_edge("person", "--source", long, "--consent", "Anna") == EXIT_OK
    before = path.read_bytes()
    config = tmp_path / "config.toml"
    found = []
    for enabled in ("true", "false"):
        config.write_text(f"[adaptation]\nenabled = {enabled}\n")
        log = tmp_path / f"{enabled}.db"
        argv = ["run", "--source", str(SAMPLE), "--fast", "--config", str(config)]
        assert main([*argv, "--log", str(log)]) == EXIT_OK
        with LogReader(log) as reader:
            (session,) = reader.sessions()
            rows = list(reader.rows(EventRow, Selection()))
        found.append([row.probabilities for row in rows])
        assert ("adaptation" in session.thresholds) == (enabled == "true")
    assert found[0] != found[1]
    assert path.read_bytes() == before


def room(*pieces: np.ndarray) -> dict[str, str]:
    meter = RoomMeter(RATE_HZ)
    sound = np.concatenate(pieces).astype(np.float32)
    for start in range(0, len(sound), 320):
        meter.push(block(sound[start : start + 320]))
    return {f.name: f.verdict + " " + f.found + " " + f.remedy for f in findings(meter.report())}


def noise(level_dbfs: float, *, seconds: float = 20.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    return 10 ** (level_dbfs / 20) * rng.standard_normal(round(seconds * RATE_HZ))


def voice(gain_db: float) -> np.ndarray:
    return np.clip(10 ** (gain_db / 20) * sample(), -1.0, 1.0)


@pytest.mark.parametrize(
    ("pieces", "name", "said"),
    [
        ((voice(0.0),), "voice", "ok"),
        ((noise(-70.0), voice(0.0)), "noise", "ok"),
        ((np.zeros(RATE_HZ * 20),), "sound", "muted"),
        (
            (noise(-35.0), voice(0.0) + noise(-35.0, seconds=len(sample()) / RATE_HZ)),
            "noise",
            "warning loud",
        ),
        ((noise(-70.0), voice(20.0)), "clipping", "turn it down"),
        ((noise(-90.0), voice(-40.0)), "voice", "turn it up"),
        ((noise(-60.0, seconds=60.0),), "voice", "nothing can be said"),
    ],
)
def test_what_is_said_of_a_room(pieces, name, said):
    found = room(*pieces)
    assert said in found[name], found


def test_the_room_is_measured_and_told_in_words(capsys):
    assert ser_edge("room", "--source", SAMPLE) == EXIT_OK
    told = capsys.readouterr().out
    assert "dB above the room" in told
    assert "leave the microphone as it is" in told
    assert ser_edge("room", "--source", "nowhere.wav") == EXIT_NO_INPUT
