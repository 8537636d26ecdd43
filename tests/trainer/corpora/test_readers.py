"""Readers against the labels that came with the recordings, and against names that are wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from edge.contract.labels import EMOTIONS
from edge.errors import NoInputError
from tests.support import data_dir, need
from trainer.corpora import CORPORA
from trainer.corpora.base import Found, LeftOut, Utterance
from trainer.corpora.sheet import SheetError

# Folder of the data, its corpus, and expected numbers of utterances and of recordings left out:
# boredom, and the twin of Actor 07.
FOLDERS = {
    "ravdess": ("ravdess", 1199, 1),
    "ravdess-song": ("ravdess-song", 836, 0),
    "emodb": ("emodb", 350, 58),
    "tess": ("tess", 2800, 0),
    "nemo": ("nemo", 1694, 0),
    "crema-d-sample": ("crema-d", 22, 0),
}

BY_DESIGN = {
    "the same recording as 03-01-03-01-02-01-07",
    "not the sound of ravdess",
    "modality 01",
    "boredom",
}
"""Reasons of recordings that are named well and have no place all the same."""

SENTENCES_OF_CREMA_D = (
    *("IEO", "TIE", "IOM", "IWW", "TAI", "MTI"),
    *("IWL", "ITH", "DFA", "ITS", "TSI", "WSI"),
)

DEMOGRAPHICS = (
    '"ActorID","Age","Sex","Race","Ethnicity"\n'
    '1001,51,"Male","Caucasian","Not Hispanic"\n'
    '1002,21,"Female","Caucasian","Not Hispanic"\n'
)


def labels_of(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def read(name: str, folder: Path, *files: str) -> list[Found]:
    """Return what the reader of a corpus makes of files with these names."""
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return list(CORPORA[name].read(folder))


@pytest.mark.parametrize("place", sorted(FOLDERS))
def test_reader_agrees_with_the_labels_of_the_data_folder(place: str) -> None:
    folder = data_dir() / place
    need((folder / "labels.csv").is_file(), f"corpus {place}")
    labels = labels_of(folder)
    name, n_utterances, n_left_out = FOLDERS[place]

    found = CORPORA[name].find(folder)

    assert (len(found.utterances), len(found.left_out)) == (n_utterances, n_left_out)
    for utterance in found.utterances:
        row = labels[utterance.path.relative_to(folder).as_posix()]
        assert utterance.emotion == {"disgust": "disgusted"}.get(row["emotion"], row["emotion"])
        assert utterance.speaker == row["speaker"]
        assert utterance.sex == row["sex"]
        assert utterance.intensity == row["intensity"]
        assert utterance.take == row["take"]
        assert utterance.text == row["text"]
        assert utterance.corpus == name


@pytest.mark.parametrize("place", sorted(FOLDERS))
def test_emotions_of_a_corpus_are_those_that_it_says(place: str) -> None:
    folder = data_dir() / place
    need(folder.is_dir(), f"corpus {place}")
    corpus = CORPORA[FOLDERS[place][0]]
    found = {utterance.emotion for utterance in corpus.find(folder).utterances}
    assert corpus.emotions == tuple(e for e in EMOTIONS if e in found)


@pytest.mark.parametrize(
    ("name", "file", "expected"),
    [
        ("ravdess", "03-01-08-02-02-01-24.wav", ("surprised", "ravdess_24", "F", None, "strong")),
        (
            "ravdess-song",
            "a/b/03-02-02-01-01-02-09.WAV",
            ("calm", "ravdess_09", "M", None, "normal"),
        ),
        ("tess", "YAF_dog_ps.wav", ("surprised", "tess_YAF", "F", 26, "")),
        ("tess", "OAF_Fear/OA_bite_neutral.wav", ("neutral", "tess_OAF", "F", 64, "")),
        ("emodb", "16b10Eb.wav", ("disgusted", "emodb_16", "F", 31, "")),
        ("nemo", "KS0_happiness_9.wav", ("happy", "nemo_KS0", "M", 23, "")),
        ("nemo", "SK0_anger_12.wav", ("angry", "nemo_SK0", "", None, "")),
        ("crema-d", "AudioWAV/1091_IEO_DIS_LO.wav", ("disgusted", "cremad_1091", "", None, "LO")),
        ("crema-d", "1040_ITH_SAD_X.wav", ("sad", "cremad_1040", "", None, "XX")),
        ("savee", "DC_a01.wav", ("angry", "savee_DC", "M", None, "")),
        ("savee", "AudioData/KL/su15.wav", ("surprised", "savee_KL", "M", None, "")),
        ("savee", "JE/JE_n30.wav", ("neutral", "savee_JE", "M", None, "")),
        ("urdu", "Angry/SM4_F48_A0100.wav", ("angry", "urdu_SM4", "M", None, "")),
        ("urdu", "Sad/SF10/SF10_F1_S01.wav", ("sad", "urdu_SF10", "F", None, "")),
        ("urdu", "SM1_F1_H1.wav", ("happy", "urdu_SM1", "M", None, "")),
    ],
)
def test_original_names_are_read(
    name: str, file: str, expected: tuple[object, ...], tmp_path: Path
) -> None:
    read(name, tmp_path, file)
    (found,) = CORPORA[name].find(tmp_path).utterances
    assert found.path == tmp_path / file
    assert (
        found.emotion,
        found.speaker,
        found.sex,
        found.age_years,
        found.intensity,
    ) == expected


@pytest.mark.parametrize(
    ("name", "file", "text", "take"),
    [
        ("savee", "DC_a03.wav", "03", ""),
        ("savee", "KL_n03.wav", "03", ""),
        ("savee", "KL_n04.wav", "n04", ""),
        ("savee", "KL_sa04.wav", "sa04", ""),
        ("crema-d", "1001_TIE_NEU_XX.wav", "TIE", ""),
        ("urdu", "SM4_F48_A0100.wav", "", "48"),
    ],
)
def test_what_is_said_is_told_apart(
    name: str, file: str, text: str, take: str, tmp_path: Path
) -> None:
    (found,) = read(name, tmp_path, file)
    assert isinstance(found, Utterance)
    assert (found.text, found.take) == (text, take)


@pytest.mark.parametrize(
    ("name", "file", "reason"),
    [
        ("ravdess", "03-01-03-01-02-02-07.wav", "the same recording as 03-01-03-01-02-01-07"),
        ("ravdess", "03-02-03-01-02-02-07.wav", "not the sound of ravdess"),
        ("ravdess", "01-01-03-01-02-02-07.wav", "modality 01"),
        ("ravdess", "03-01-09-01-02-02-07.wav", "its name is not one"),
        ("ravdess", "03-01-03-01-03-02-07.wav", "its name is not one"),
        ("ravdess", "03-01-03-01-01-01-25.wav", "its name is not one"),
        (
            "ravdess",
            "Actor_08/03-01-03-01-01-01-07.wav",
            "its folder says Actor_08, its name says Actor_07",
        ),
        ("ravdess-song", "03-02-07-01-01-01-07.wav", "disgust"),
        ("emodb", "03a01La.wav", "boredom"),
        ("emodb", "03a01Xa.wav", "its name is not one"),
        ("emodb", "17a01Fa.wav", "its name is not one"),
        ("tess", "OAF_back_bored.wav", "its name is not one"),
        ("nemo", "readme.wav", "its name is not one"),
        ("crema-d", "1092_DFA_ANG_XX.wav", "its name is not one"),
        ("crema-d", "1001_DFA_CAL_XX.wav", "its name is not one"),
        ("crema-d", "1001_ABC_ANG_XX.wav", "its name is not one"),
        ("crema-d", "1001_DFA_ANG_XL.wav", "its name is not one"),
        ("savee", "a01.wav", "neither its name nor its folder tells the speaker"),
        ("savee", "KL/DC_a01.wav", "its folder says KL, its name says DC"),
        ("savee", "DC_a16.wav", "its name is not one"),
        ("savee", "DC_n00.wav", "its name is not one"),
        ("savee", "XY_a01.wav", "its name is not one"),
        ("urdu", "SX1_F1_A1.wav", "its name is not one"),
        ("urdu", "Happy/SM1_F1_A1.wav", "its folder says happy, its name says angry"),
    ],
)
def test_recordings_without_a_place_are_named_with_a_reason(
    name: str, file: str, reason: str, tmp_path: Path
) -> None:
    good = {
        "ravdess": "03-01-08-02-02-01-24.wav",
        "ravdess-song": "03-02-02-01-01-02-09.wav",
        "emodb": "16b10Eb.wav",
        "tess": "YAF_dog_ps.wav",
        "nemo": "SK0_anger_12.wav",
        "crema-d": "1001_DFA_ANG_XX.wav",
        "savee": "DC_a01.wav",
        "urdu": "SM1_F2_A2.wav",
    }[name]
    read(name, tmp_path, file, good)
    (left_out,) = CORPORA[name].find(tmp_path).left_out
    assert left_out.path == tmp_path / file
    assert reason in left_out.reason
    assert left_out.cause == ("by design" if reason in BY_DESIGN else "misnamed")


@given(
    actor=st.integers(1001, 1091),
    sentence=st.sampled_from(SENTENCES_OF_CREMA_D),
    emotion=st.sampled_from(["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"]),
    level=st.sampled_from(["LO", "MD", "HI", "XX"]),
)
def test_every_name_of_crema_d_has_its_place(
    actor: int, sentence: str, emotion: str, level: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("crema-d")
    (found,) = read("crema-d", folder, f"{actor}_{sentence}_{emotion}_{level}.wav")
    assert isinstance(found, Utterance)
    assert (found.speaker, found.text, found.intensity) == (f"cremad_{actor}", sentence, level)


@pytest.mark.parametrize("name", sorted(CORPORA))
@settings(max_examples=20)
@given(stem=st.text(st.sampled_from("0123456789abnsFWSMDCJKL_-"), min_size=1, max_size=20))
def test_any_name_is_read_or_left_out_but_never_lost(
    name: str, stem: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = read(name, tmp_path_factory.mktemp("data"), f"{stem}.wav")
    assert [item.path.stem for item in found] == [stem]
    assert all(item.reason for item in found if isinstance(item, LeftOut))


def test_actors_of_crema_d_come_from_the_table_of_the_release(tmp_path: Path) -> None:
    (tmp_path / "VideoDemographics.csv").write_text(DEMOGRAPHICS, encoding="utf-8")
    files = [f"AudioWAV/{actor}_DFA_ANG_XX.wav" for actor in (1001, 1002, 1003)]
    found = read("crema-d", tmp_path, *files)
    people = [(u.sex, u.age_years) for u in found if isinstance(u, Utterance)]
    assert people == [("M", 51), ("F", 21), ("", None)]


def test_strange_table_of_actors_is_refused_with_its_lines(tmp_path: Path) -> None:
    table = tmp_path / "VideoDemographics.csv"
    table.write_text(DEMOGRAPHICS + "1003,old,Male,,\n1004,30,x,,\n", encoding="utf-8")
    with pytest.raises(SheetError, match=r"(?s)csv has 2 faults.*csv:4: no actor.*csv:5: no actor"):
        read("crema-d", tmp_path)


def test_strangers_are_reported_and_nesting_does_not_matter(tmp_path: Path) -> None:
    read(
        "emodb",
        tmp_path,
        "a/03a01Fa.wav",
        "a/b/03a01La.flac",
        "holiday.ogg",
        "notes.txt",
        "._03a01Fa.wav",
    )
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
