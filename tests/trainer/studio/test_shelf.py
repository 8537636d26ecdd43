from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

import trainer.run
from edge.errors import UsageError
from trainer import corpora
from trainer.corpora.sheet import SheetError
from trainer.studio.listening import Take
from trainer.studio.plan import Prompt
from trainer.studio.shelf import COLUMNS, Shelf, Speaker, file_name

ANNA = Speaker(name="anna", sex="F", age_years="34")
OTTO = Speaker(name="otto")


def _prompt(emotion: str = "sad", sentence: str = "It is, well, open.", take: int = 1) -> Prompt:
    return Prompt(emotion=emotion, scene="", sentence=sentence, take=take)


def _take(seed: int = 0, *, n_samples: int = 800) -> Take:
    steps = np.random.default_rng(seed).integers(-9000, 9000, n_samples)
    return Take(
        samples=(steps / 32768).astype(np.float32),
        sample_rate_hz=16000,
        speech_s=1.0,
        speech_dbfs=-20.0,
        n_lost=0,
        is_too_long=False,
    )


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path / "data" / "family")
    shelf.open()
    return shelf


def _listed(shelf: Shelf) -> list[dict[str, str]]:
    with (shelf.folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_take_is_stored_bit_for_bit_and_listed(shelf: Shelf) -> None:
    path = shelf.keep(_prompt(), _take(), speaker=ANNA)
    assert path.relative_to(shelf.folder) == Path("sad/anna/it-is-well-open_1.flac")
    stored, rate_hz = soundfile.read(path, dtype="float32")
    assert np.array_equal(stored, _take().samples)
    assert (rate_hz, soundfile.info(path).subtype) == (16000, "PCM_16")
    assert _listed(shelf) == [
        {
            "file": "sad/anna/it-is-well-open_1.flac",
            "emotion": "sad",
            "speaker": "anna",
            "sex": "F",
            "age_years": "34",
            "intensity": "",
            "text": "It is, well, open.",
            "take": "1",
        }
    ]


def test_the_reader_of_own_corpora_finds_what_was_kept(shelf: Shelf) -> None:
    shelf.keep(_prompt("sad"), _take(), speaker=ANNA)
    shelf.keep(_prompt("angry", take=2), _take(), speaker=OTTO)
    found = corpora.find("family", shelf.folder.parent)
    assert not found.left_out
    told = {(u.emotion, u.speaker, u.sex, u.age_years, u.text, u.take) for u in found.utterances}
    assert told == {
        ("sad", "family_anna", "F", 34, "It is, well, open.", "1"),
        ("angry", "family_otto", "", None, "It is, well, open.", "2"),
    }


def test_without_the_list_the_folders_tell_emotion_and_speaker(shelf: Shelf) -> None:
    shelf.keep(_prompt("sad"), _take(), speaker=ANNA)
    (shelf.folder / "labels.csv").unlink()
    found = corpora.find("family", shelf.folder.parent)
    assert [(u.emotion, u.speaker) for u in found.utterances] == [("sad", "family_anna")]


def test_a_second_keeping_replaces_the_first(shelf: Shelf) -> None:
    for seed in (1, 2):
        path = shelf.keep(_prompt(), _take(seed), speaker=ANNA)
    assert len(_listed(shelf)) == 1
    assert np.array_equal(soundfile.read(path, dtype="float32")[0], _take(2).samples)


def test_what_is_recorded_has_a_row_and_a_file(shelf: Shelf) -> None:
    kept = _prompt(take=1)
    for prompt in (kept, _prompt(take=2)):
        shelf.keep(prompt, _take(), speaker=ANNA)
    (shelf.folder / file_name(_prompt(take=2), "anna")).unlink()
    stray = shelf.folder / file_name(_prompt(take=3), "anna")
    stray.write_bytes(b"cut off before its row was written")
    assert shelf.recorded() == {file_name(kept, "anna")}


@pytest.mark.parametrize("n_writes", [0, 1])
def test_a_cut_leaves_no_row_without_a_file(
    shelf: Shelf, n_writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power goes at the first and at the second file that is written."""
    shelf.keep(_prompt(take=1), _take(), speaker=ANNA)
    write_bytes, left = trainer.run.write_bytes, [n_writes]

    def cut_off(path: Path, content: bytes) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write_bytes(path, content)

    monkeypatch.setattr(trainer.run, "write_bytes", cut_off)
    with pytest.raises(KeyboardInterrupt):
        shelf.keep(_prompt(take=2), _take(), speaker=ANNA)
    monkeypatch.undo()
    assert [row["take"] for row in _listed(shelf)] == ["1"]
    shelf.keep(_prompt(take=2), _take(), speaker=ANNA)
    assert len(corpora.find("family", shelf.folder.parent).utterances) == 2


def test_an_empty_list_is_no_obstacle(shelf: Shelf) -> None:
    assert Shelf(shelf.folder).recorded() == set()
    assert (shelf.folder / "labels.csv").read_text() == ",".join(COLUMNS) + "\n"


def test_rows_and_columns_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / "x.wav").touch()
    (tmp_path / "manifest.csv").write_text(
        "File;emotion;speaker;mood of the day\nx.wav;joy;Eva;5\n"
    )
    shelf = Shelf(tmp_path)
    shelf.open()
    shelf.keep(_prompt(), _take(), speaker=ANNA)
    assert not (tmp_path / "labels.csv").exists()
    text = (tmp_path / "manifest.csv").read_text()
    assert text.splitlines()[0] == ",".join((*COLUMNS, "mood of the day"))
    assert text.splitlines()[1] == "x.wav,joy,Eva,,,,,,5"


def test_recordings_without_a_list_are_not_hidden_by_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "sad").mkdir()
    (tmp_path / "sad" / "bob_1.wav").touch()
    with pytest.raises(UsageError, match=r"holds 1 recordings, but no labels\.csv"):
        Shelf(tmp_path)


def test_a_broken_list_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,emotion\nx.wav,sad\n")
    with pytest.raises(SheetError, match="the header has no speaker"):
        Shelf(tmp_path)


def test_what_is_known_of_a_speaker_is_not_asked_again(shelf: Shelf) -> None:
    assert shelf.latest("anna") == Speaker(name="anna")
    shelf.keep(_prompt(), _take(), speaker=ANNA)
    shelf.keep(_prompt(), _take(), speaker=OTTO)
    assert shelf.latest("anna") == ANNA


def test_forgetting_takes_one_speaker_and_leaves_the_others(shelf: Shelf, tmp_path: Path) -> None:
    outside = tmp_path / "outside.wav"
    outside.touch()
    for speaker in (ANNA, OTTO):
        shelf.keep(_prompt("sad"), _take(), speaker=speaker)
    shelf.keep(_prompt("angry"), _take(), speaker=ANNA)
    (shelf.folder / "sad/anna/stray_1.flac.part").touch()
    note = shelf.folder / "sad" / "anna" / "note.txt"
    note.touch()
    with (shelf.folder / "labels.csv").open("a") as file:
        file.write("../../outside.wav,sad,Anna,,,,,\n")
    assert len(shelf.files_of("anna")) == 3
    shelf.forget("anna")
    assert shelf.files_of("anna") == []
    assert [row["speaker"] for row in _listed(shelf)] == ["otto"]
    assert not (shelf.folder / "angry").exists()
    assert note.exists()
    assert outside.exists()


def test_forgetting_the_last_speaker_leaves_an_empty_folder(shelf: Shelf) -> None:
    shelf.keep(_prompt(), _take(), speaker=ANNA)
    shelf.forget("anna")
    assert list(shelf.folder.iterdir()) == []
