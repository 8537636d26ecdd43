"""Readers against the labels that came with the recordings, and against names that are wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from edge.contract.labels import EMOTIONS
from edge.errors import NoInputError
from tests.support import data_dir, need
from trainer.corpora import CORPORA
from trainer.corpora.base import NotUsed

# Expected numbers of utterances and of recordings left out; boredom, and the twin of Actor 07.
COUNTS = {
    "ravdess": (1199, 1),
    "ravdess-song": (836, 0),
    "emodb": (350, 58),
    "tess": (2800, 0),
    "nemo": (1694, 0),
}


def labels_of(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("name", sorted(CORPORA))
def test_reader_agrees_with_the_labels_of_the_data_folder(name: str) -> None:
    folder = data_dir() / name
    need((folder / "labels.csv").is_file(), f"corpus {name}")
    labels = labels_of(folder)

    found = CORPORA[name].find(folder)

    assert (len(found.utterances), len(found.left_out)) == COUNTS[name]
    for utterance in found.utterances:
        row = labels[utterance.path.relative_to(folder).as_posix()]
        assert utterance.emotion == {"disgust": "disgusted"}.get(row["emotion"], row["emotion"])
        assert utterance.speaker == row["speaker"]
        assert utterance.sex == row["sex"]
        assert utterance.intensity == row["intensity"]
        assert utterance.take == row["take"]
        assert utterance.text == row["text"]
        assert utterance.corpus == name


@pytest.mark.parametrize("name", sorted(CORPORA))
def test_emotions_of_a_corpus_are_those_that_it_says(name: str) -> None:
    folder = data_dir() / name
    need(folder.is_dir(), f"corpus {name}")
    found = {utterance.emotion for utterance in CORPORA[name].find(folder).utterances}
    assert CORPORA[name].emotions == tuple(e for e in EMOTIONS if e in found)


@pytest.mark.parametrize(
    ("name", "file", "expected"),
    [
        ("ravdess", "03-01-08-02-02-01-24.wav", ("surprised", "ravdess_24", "F", "strong")),
        ("ravdess-song", "a/b/03-02-02-01-01-02-09.WAV", ("calm", "ravdess_09", "M", "normal")),
        ("tess", "YAF_dog_ps.wav", ("surprised", "tess_YAF", "F", "")),
        ("tess", "OA_bite_neutral.wav", ("neutral", "tess_OAF", "F", "")),
        ("emodb", "16b10Eb.wav", ("disgusted", "emodb_16", "F", "")),
        ("nemo", "SK0_happiness_9.wav", ("happy", "nemo_SK0", "", "")),
    ],
)
def test_original_names_are_read(name: str, file: str, expected: tuple[str, ...]) -> None:
    found = CORPORA[name].parse(Path(file))
    assert (found.emotion, found.speaker, found.sex, found.intensity) == expected


@pytest.mark.parametrize(
    ("name", "file", "reason"),
    [
        ("ravdess", "03-01-03-01-02-02-07.wav", "the same recording as 03-01-03-01-02-01-07"),
        ("ravdess", "03-02-03-01-02-02-07.wav", "not the sound of ravdess"),
        ("ravdess", "01-01-03-01-02-02-07.wav", "modality 01"),
        ("ravdess", "03-01-09-01-02-02-07.wav", "its name is not one"),
        ("emodb", "03a01La.wav", "boredom"),
        ("emodb", "03a01Xa.wav", "its name is not one"),
        ("tess", "OAF_back_bored.wav", "its name is not one"),
        ("nemo", "readme.wav", "its name is not one"),
    ],
)
def test_recordings_without_a_place_are_named_with_a_reason(
    name: str, file: str, reason: str
) -> None:
    with pytest.raises(NotUsed, match=reason):
        CORPORA[name].parse(Path(file))


def test_strangers_are_reported_and_nesting_does_not_matter(tmp_path: Path) -> None:
    for file in ("a/03a01Fa.wav", "a/b/03a01La.flac", "holiday.ogg", "notes.txt"):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    found = CORPORA["emodb"].find(tmp_path)

    assert [u.path.name for u in found.utterances] == ["03a01Fa.wav"]
    assert [item.path.name for item in found.left_out] == ["03a01La.flac", "holiday.ogg"]
    assert set(found.reasons().values()) == {1}


@pytest.mark.parametrize("name", sorted(CORPORA))
def test_missing_corpus_says_where_it_was_looked_for_and_where_to_get_it(
    name: str, tmp_path: Path
) -> None:
    with pytest.raises(NoInputError, match="does not exist") as caught:
        CORPORA[name].find(tmp_path / "absent")
    text = str(caught.value)
    assert CORPORA[name].title in text
    assert str(tmp_path / "absent") in text
    assert CORPORA[name].source in text


def test_folder_of_another_corpus_is_no_corpus(tmp_path: Path) -> None:
    (tmp_path / "OAF_back_angry.wav").touch()
    with pytest.raises(NoInputError, match="holds 1 recordings, none named as its are"):
        CORPORA["emodb"].find(tmp_path)
