"""`ser-trainer record` as its user meets it: in a terminal, before a microphone."""

from __future__ import annotations

import json
import os
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.fakes.sources import FifoMicrophone
from tests.support import REPOSITORY
from tests.trainer.studio import sounds
from tests.trainer.studio.talker import Talker
from trainer import corpora
from trainer.cli import main
from trainer.studio.listening import Take
from trainer.studio.plan import Prompt
from trainer.studio.shelf import Shelf, Speaker

pexpect = pytest.importorskip("pexpect")
OPTIONS = ("--emotions", "sad,angry", "--speaker", "anna")


def _spawn(*options: str, **environment: str) -> pexpect.spawn:
    return pexpect.spawn(
        sys.executable,
        ["-m", "trainer", "record", *OPTIONS, *options],
        cwd=str(REPOSITORY),
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "TERM": "xterm"} | environment,
        encoding="utf-8",
        dimensions=(24, 80),
        timeout=40,
    )


def _agree(child: pexpect.spawn) -> None:
    child.expect("Consent to recording")
    child.expect("Type yes to agree")
    child.sendline("yes")
    child.expect("Who agrees")
    child.sendline("")


def _press(child: pexpect.spawn, key: str, *, at: str) -> None:
    child.expect_exact(at)
    child.expect_exact("[q] quit ")
    # What is typed ahead is thrown away when a question is shown: it must be waiting already.
    time.sleep(0.2)
    child.send(key)


def _end(child: pexpect.spawn) -> int:
    child.expect(pexpect.EOF)
    child.wait()
    return child.exitstatus


def _kept(folder: Path, *, speaker: str, sentence: str = "One.") -> Path:
    shelf = Shelf(folder)
    shelf.open()
    take = Take(
        samples=np.full(4800, 0.1, np.float32),
        sample_rate_hz=48000,
        speech_s=0.1,
        speech_dbfs=-20.0,
        n_lost=0,
        is_too_long=False,
    )
    prompt = Prompt(emotion="sad", scene="", sentence=sentence, take=1)
    return shelf.keep(prompt, take, speaker=Speaker(name=speaker))


def test_a_rehearsal_that_is_interrupted_keeps_what_was_kept(tmp_path: Path) -> None:
    said = sounds.said(sounds.sentence(), before_s=0.4, after_s=1.85)
    rehearsal = sounds.write(tmp_path / "mic.wav", sounds.room(2.6), said, said)
    out = tmp_path / "data" / "family"
    child = _spawn("--out", str(out), "--source", str(rehearsal), "--sex", "F", "--age", "9")
    _agree(child)
    _press(child, "\n", at="First the room")
    child.expect_exact("background -62 dBFS")
    _press(child, "\n", at="The door is still open.")
    _press(child, "\n", at="Microphone and room are fine.")
    _press(child, "\n", at="anna: 1 of 20")
    _press(child, "\n", at="dB: good")
    _press(child, "\n", at="anna: 2 of 20")
    child.expect("dBFS +0.5 s")
    child.sendintr()
    assert _end(child) == 130
    modes = termios.tcgetattr(child.child_fd)[3]
    assert modes & termios.ICANON
    assert modes & termios.ECHO
    found = corpora.find("family", tmp_path / "data")
    assert not found.left_out
    (utterance,) = found.utterances
    assert (utterance.speaker, utterance.sex, utterance.age_years) == ("family_anna", "F", 9)
    assert utterance.emotion in {"sad", "angry"}
    consent = json.loads((out / "consent" / "anna.json").read_text())
    assert (consent["speaker"], consent["agreed_by"]) == ("anna", "anna")
    assert [path.name for path in out.rglob("*.part")] == []


@pytest.fixture
def microphone(tmp_path: Path) -> Iterator[FifoMicrophone]:
    microphone = FifoMicrophone(tmp_path)
    yield microphone
    microphone.close()


@pytest.fixture
def talker(microphone: FifoMicrophone) -> Iterator[Talker]:
    talker = Talker(microphone.fifo)
    yield talker
    talker.close()


def test_a_real_microphone_goes_on_where_the_last_session_has_ended(
    tmp_path: Path, microphone: FifoMicrophone, talker: Talker
) -> None:
    pytest.importorskip("pyaudio")
    out, sentences = tmp_path / "data" / "family", tmp_path / "own.txt"
    sentences.write_text("One.\nTwo.\n")
    _kept(out, speaker="anna")
    child = _spawn(
        *("--out", str(out), "--sentences", str(sentences), "--device", "fifomic"),
        ALSA_CONFIG_PATH=str(microphone.conf),
    )
    _agree(child)
    child.expect_exact("microphone: fifomic, 48000 Hz")
    talker.begin()
    _press(child, "\n", at="First the room")
    child.expect_exact("background -62 dBFS")
    said = sounds.said(sounds.sentence(), before_s=0.4, after_s=0.1)
    _press(child, "\n", at="The door is still open.")
    talker.say(said)
    _press(child, "\n", at="Microphone and room are fine.")
    _press(child, "\n", at="anna: 2 of 4")
    talker.say(said)
    _press(child, "\n", at="dB: good")
    _press(child, "q", at="anna: 3 of 4")
    child.expect_exact("Takes kept: 1, still to come: 2.")
    assert _end(child) == 0
    found = corpora.find("family", tmp_path / "data").utterances
    assert len(found) == 2
    new = max((u.path for u in found), key=lambda path: path.stat().st_mtime_ns)
    pcm, rate_hz = soundfile.read(new, dtype="int16")
    assert rate_hz == 48000
    assert pcm.astype("<i2").tobytes() in bytes(talker.played), "bit for bit what was played"


@pytest.fixture
def typed() -> Iterator[Callable[[str], None]]:
    """Type ahead into standard input, which then ends."""
    saved = os.dup(0)

    def type_ahead(text: str) -> None:
        reader, writer = os.pipe()
        os.write(writer, text.encode())
        os.close(writer)
        os.dup2(reader, 0)
        os.close(reader)

    yield type_ahead
    os.dup2(saved, 0)
    os.close(saved)


def _record(*options: object) -> int:
    return main(["record", "--speaker", "anna", *map(str, options)])


@pytest.mark.parametrize("answers", ["no\n", "", "yes"])
def test_without_consent_nothing_is_written(
    answers: str, tmp_path: Path, typed: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(answers)
    assert _record("--out", tmp_path / "family") == 77
    assert "anna is not recorded, because consent was not given" in capsys.readouterr().err
    assert not (tmp_path / "family").exists()


def test_a_recording_that_is_absent_is_told_and_consent_stays(
    tmp_path: Path, typed: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    typed("yes\nMaria, mother\n")
    assert _record("--out", tmp_path / "new", "--source", tmp_path / "absent.wav") == 66
    assert "absent.wav" in capsys.readouterr().err
    typed("")
    rehearsal = sounds.write(tmp_path / "room.wav", sounds.room(1.0))
    assert _record("--out", tmp_path / "new", "--source", rehearsal) == 0
    told = capsys.readouterr().out
    assert "consent given by Maria, mother on" in told
    assert "Takes kept: 0, still to come: 80." in told


def test_who_has_said_everything_is_told_so(
    tmp_path: Path, typed: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.txt").write_text("One.\n")
    _kept(tmp_path / "out", speaker="anna")
    typed("")
    sentences = tmp_path / "own.txt"
    assert _record("--out", tmp_path / "out", "--sentences", sentences, "--emotions", "sad") == 0
    assert "anna has recorded everything already (takes: 1)" in capsys.readouterr().out


def test_a_speaker_is_forgotten_only_after_a_yes(
    tmp_path: Path, typed: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    anna, otto = (_kept(tmp_path, speaker=name) for name in ("anna", "otto"))
    (tmp_path / "consent").mkdir()
    (tmp_path / "consent" / "anna.json").write_text("{}")
    for answer in ("no\n", ""):
        typed(answer)
        assert _record("--out", tmp_path, "--forget") == 0
        told = capsys.readouterr().out
        assert "recordings (1), labels, consent?" in " ".join(told.split())
        assert "Nothing was deleted." in told
        assert anna.exists()
    typed("yes\n")
    assert _record("--out", tmp_path, "--forget") == 0
    assert "Everything of anna is deleted (recordings: 1)." in capsys.readouterr().out
    assert otto.exists()
    left = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["labels.csv", "one_1.flac"]
    assert _record("--out", tmp_path, "--forget") == 66


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--speaker", "../eve"], 2, "--speaker is '../eve', expected up to 40 letters"),
        (["--takes", "0"], 2, "--takes is 0, expected 1 to 20"),
        (["--age", "200"], 2, "--age is 200, expected 1 to 120 years"),
        (["--emotions", "sad,hapy"], 2, "'hapy', which is no emotion; did you mean 'happy'?"),
        (["--emotions", ","], 2, "--emotions names none; known are: calm, "),
        (["--sentences", "absent.txt"], 66, "absent.txt does not exist; check --sentences"),
        (["--out", __file__], 2, "which is a file; name a folder"),
        (["--forget"], 66, "holds nothing of anna; check --speaker and --out"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_a_code(
    options: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _record("--out", tmp_path / "new", *options) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_speaker_of_another_sex_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _kept(tmp_path, speaker="otto")
    table = tmp_path / "labels.csv"
    table.write_text(table.read_text().replace(",otto,,", ",otto,M,"))
    assert _record("--speaker", "Otto", "--out", tmp_path, "--sex", "F") == 2
    assert "says M of otto" in capsys.readouterr().err
