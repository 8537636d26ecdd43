"""Any corpus by its name: public ones, own ones, and what a table of labels makes of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge.errors import ConfigError, NoInputError
from tests.support import REPOSITORY, data_dir, need
from trainer import corpora
from trainer.corpora import CORPORA
from trainer.corpora.base import Corpus
from trainer.corpora.sheet import SheetError
from trainer.sound import audio


def touch(data: Path, *files: str) -> None:
    for file in files:
        path = data / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def labels(data: Path, text: str) -> None:
    (data / "labels.toml").write_text(text, encoding="utf-8")


def documentation() -> str:
    return (REPOSITORY / "docs" / "data.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=lambda corpus: corpus.name)
def test_documentation_has_every_corpus_with_its_licence_and_its_words(corpus: Corpus) -> None:
    lines = [line for line in documentation().splitlines() if f"| `{corpus.name}` |" in line]
    assert lines[0].endswith(f"| {corpus.licence} |")
    assert lines[-1] == f"| `{corpus.name}` | {', '.join(corpus.words)} |"


def test_documented_examples_work(tmp_path: Path) -> None:
    table, toml = (
        documentation().partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("csv", "toml")
    )
    touch(tmp_path, "family/2026/0001.wav", "family/2026/0002.wav")
    (tmp_path / "family/labels.csv").write_text(table, encoding="utf-8")
    labels(tmp_path, toml)
    found = corpora.find("family", tmp_path).utterances
    assert [(u.emotion, u.speaker, u.sex) for u in found] == [
        ("happy", "family_anna", "F"),
        ("sad", "family_ben", "M"),
    ]
    assert corpora.corpus("emodb", tmp_path).words["boredom"] == "calm"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two public corpora, two own ones, and folders that are none."""
    touch(
        tmp_path,
        "emodb/wav/03a01Fa.wav",
        "emodb/wav/03a01La.wav",
        "ravdess/Actor_01/03-01-02-01-01-01-01.wav",
        "tess/readme.wav",
        "family/happy/anna/1.wav",
        "family/sad/anna/1.wav",
        "family/grumpy/anna/1.wav",
        "friends/1.wav",
        "friends/2.wav",
        "noise/rain/1.wav",
        "empty/notes.txt",
        ".cache/happy/anna_1.wav",
    )
    (tmp_path / "friends/manifest.csv").write_text(
        "file,emotion,speaker,age_years\n1.wav,Joy,anna,40\n2.wav,boredom,ben,\n", encoding="utf-8"
    )
    return tmp_path


def test_corpora_that_are_there_are_found(data: Path) -> None:
    assert corpora.names_in(data) == ["emodb", "family", "friends", "ravdess"]
    assert corpora.names_in(data / "absent") == []


def test_real_data_folder_holds_its_corpora() -> None:
    need((data_dir() / "tess").is_dir(), "corpora")
    assert set(corpora.names_in(data_dir())) >= {"emodb", "nemo", "ravdess", "ravdess-song", "tess"}


def test_public_corpus_is_found_by_its_name(data: Path) -> None:
    found = corpora.find("emodb", data)
    assert [u.emotion for u in found.utterances] == ["happy"]
    assert found.reasons() == {"boredom, which is no label here": 1}
    assert corpora.corpus("savee", data) == CORPORA["savee"]


@pytest.mark.parametrize(
    ("name", "emotions", "reasons"),
    [
        (
            "family",
            {"happy": 1, "sad": 1},
            ["'grumpy' is no emotion known here; give it a label in labels.toml"],
        ),
        ("friends", {"happy": 1}, ["boredom, which is no label here"]),
    ],
)
def test_own_recordings_are_a_corpus_named_as_their_folder(
    name: str, emotions: dict[str, int], reasons: list[str], data: Path
) -> None:
    corpus, found = corpora.corpus(name, data), corpora.find(name, data)
    assert Counter(u.emotion for u in found.utterances) == emotions
    assert list(found.reasons()) == reasons
    assert {u.corpus for u in found.utterances} == {name}
    assert (corpus.name, corpus.licence) == (name, "yours")
    assert corpus.emotions == tuple(emotions)


def test_speakers_of_two_own_corpora_are_two(data: Path) -> None:
    speakers = {u.speaker for n in ("family", "friends") for u in corpora.find(n, data).utterances}
    assert speakers == {"family_anna", "friends_anna"}


def test_table_of_labels_joins_corpora(data: Path) -> None:
    labels(
        data,
        """
        [labels]
        boredom = "neutral"
        calm = "neutral"
        Grumpy = "angry"
        [friends]
        boredom = "sad"
        [family]
        sad = ""
        """,
    )
    found = {
        name: {(u.emotion, u.path.name) for u in corpora.find(name, data).utterances}
        for name in corpora.names_in(data)
    }
    assert found == {
        "emodb": {("happy", "03a01Fa.wav"), ("neutral", "03a01La.wav")},
        "ravdess": {("neutral", "03-01-02-01-01-01-01.wav")},
        "family": {("happy", "1.wav"), ("angry", "1.wav")},
        "friends": {("happy", "1.wav"), ("sad", "2.wav")},
    }
    assert "calm" not in corpora.corpus("ravdess", data).emotions
    assert corpora.corpus("family", data).emotions == ("happy", "angry")
    assert corpora.find("family", data).reasons() == {"sad, which is no label here": 1}


@pytest.mark.parametrize("name", ["emodb", "family"])
def test_wrong_table_of_labels_is_refused_for_every_corpus(name: str, data: Path) -> None:
    labels(data, "[labels]\nboredom = 'bored'\n")
    with pytest.raises(ConfigError, match=r"labels\.boredom: 'bored' is no label"):
        corpora.find(name, data)


@pytest.mark.parametrize(
    ("name", "hint"), [("ravdes", "did you mean 'ravdess'"), ("famly", "did you mean 'family'")]
)
def test_unknown_corpus_is_named_with_a_likely_one(name: str, hint: str, data: Path) -> None:
    with pytest.raises(ConfigError, match=f"unknown corpus '{name}'.*{hint}"):
        corpora.find(name, data)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("rain/1.wav", "1 because neither a folder nor its name"),
        ("rain/anna_1.wav", "1 because 'rain' is no emotion known here"),
        ("1.wav", "1 because it lies in no emotion's folder"),
        ("boredom/anna_1.wav", "1 because boredom, which is no label here"),
        ("notes.txt", "there are none"),
    ],
)
def test_folder_without_labels_says_why_and_what_it_needs(
    file: str, why: str, tmp_path: Path
) -> None:
    touch(tmp_path, f"noise/{file}")
    assert corpora.names_in(tmp_path) == []
    with pytest.raises(NoInputError, match=rf"{why}.*folders named calm.*or list them in a labels"):
        corpora.find("noise", tmp_path)


def test_faulty_list_of_recordings_is_a_corpus_that_tells_its_faults(data: Path) -> None:
    (data / "friends/2.wav").unlink()
    assert "friends" in corpora.names_in(data)
    with pytest.raises(SheetError, match=r"manifest.csv:3: file .*2.wav does not exist"):
        corpora.find("friends", data)


@pytest.mark.parametrize(
    ("name", "file", "rate_hz", "n_channels"),
    [
        ("ravdess", "Actor_01/03-01-03-01-01-01-01.wav", 48000, 1),
        ("tess", "OAF_angry/OAF_back_angry.wav", 24414, 1),
        ("savee", "DC/a01.wav", 44100, 2),
        ("crema-d", "AudioWAV/1001_DFA_ANG_XX.wav", 16000, 1),
        ("family", "happy/anna/1.flac", 44100, 2),
        ("family", "happy/anna_1.ogg", 48000, 2),
    ],
)
def test_recordings_of_any_rate_and_kind_are_heard_as_the_device_hears_them(
    name: str, file: str, rate_hz: int, n_channels: int, tmp_path: Path
) -> None:
    path = tmp_path / name / file
    path.parent.mkdir(parents=True)
    tone = 0.5 * np.sin(2 * np.pi * 440.0 * np.arange(rate_hz) / rate_hz)
    soundfile.write(path, np.tile(tone[:, np.newaxis], n_channels), rate_hz)

    (found,) = corpora.find(name, tmp_path).utterances
    samples = audio.load(found.path, sample_rate_hz=16000)

    assert abs(len(samples) - 16000) <= 1
    assert np.argmax(np.abs(np.fft.rfft(samples[:16000], 16000))) == 440
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.5 / np.sqrt(2), abs=0.01)
