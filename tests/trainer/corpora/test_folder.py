"""Own recordings in a folder for each emotion."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.corpora import folder
from trainer.corpora.base import Found, LeftOut, Utterance


def read(place: Path, *files: str) -> list[Found]:
    for file in files:
        path = place / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return list(folder.reader("family")(place))


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("happy/anna/x.wav", ("happy", "family_anna", "x")),
        ("happy/anna/2024/05.flac", ("happy", "family_anna", "05")),
        ("happy/anna_01.ogg", ("happy", "family_anna", "01")),
        ("Sad/anna_01_b.WAV", ("Sad", "family_anna", "01_b")),
        ("Freude/grandpa joe/a_b.wav", ("Freude", "family_grandpa joe", "a_b")),
    ],
)
def test_folders_and_names_tell_emotion_and_speaker(
    file: str, expected: tuple[str, str, str], tmp_path: Path
) -> None:
    (found,) = read(tmp_path, file)
    assert isinstance(found, Utterance)
    assert found.path == tmp_path / file
    assert (found.emotion, found.speaker, found.take) == expected
    assert (found.corpus, found.sex, found.age_years) == ("family", "", None)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("anna_01.wav", "it lies in no emotion's folder"),
        ("happy/01.wav", "up to the first underscore tells the speaker"),
        ("happy/_01.wav", "up to the first underscore tells the speaker"),
    ],
)
def test_recordings_without_emotion_or_speaker_are_left_out(
    file: str, reason: str, tmp_path: Path
) -> None:
    (found,) = read(tmp_path, file)
    assert isinstance(found, LeftOut)
    assert reason in found.reason


def test_capitals_make_no_other_person(tmp_path: Path) -> None:
    found = read(tmp_path, "happy/Anna/1.wav", "sad/anna_1.wav", "sad/ben_1.wav")
    speakers = [item.speaker for item in found if isinstance(item, Utterance)]
    assert speakers == ["family_Anna", "family_Anna", "family_ben"]
