"""What words mean, and the table by which a user says otherwise."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from edge.contract.labels import EMOTIONS
from edge.errors import ConfigError
from trainer.corpora.words import LABELS, LabelTable, Spelling, plain, read_table

KNOWN: dict[str, tuple[str, ...]] = {"emodb": ("anger", "boredom"), "family": ()}


def table(folder: Path, text: str) -> LabelTable:
    (folder / "labels.toml").write_text(text, encoding="utf-8")
    return read_table(folder, known=KNOWN)


@given(st.text())
def test_plain_words_stay_as_they_are(word: str) -> None:
    assert plain(f"  {word} ") == plain(word)
    assert plain(unicodedata.normalize("NFD", word.upper())) == plain(word.upper())


def test_every_label_stands_for_itself_and_every_word_for_a_label() -> None:
    assert all(LABELS[emotion] == emotion for emotion in EMOTIONS)
    assert set(LABELS.values()) == {*EMOTIONS, ""}
    assert all(word == plain(word) for word in LABELS)


def test_first_spelling_of_a_person_holds() -> None:
    spelling = Spelling()
    names = ["Zoë", "ZOË", unicodedata.normalize("NFD", "zoë"), " Zoë ", "Zoe"]
    assert [spelling(name) for name in names] == ["Zoë", "Zoë", "Zoë", "Zoë", "Zoe"]


def test_without_a_table_nothing_is_mapped(tmp_path: Path) -> None:
    assert read_table(tmp_path, known=KNOWN).overlay("emodb") == {}


def test_section_of_a_corpus_overrides_what_holds_everywhere(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        """
        [labels]
        "Freude" = "happy"
        boredom = ""
        [emodb]
        Boredom = "calm"
        """,
    )
    assert found.overlay("emodb") == {"freude": "happy", "boredom": "calm"}
    assert found.overlay("family") == {"freude": "happy", "boredom": ""}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[labels]\nFreude = 'hapy'", r"labels.Freude: 'hapy' is no label, did you mean 'happy'\?"),
        ("[labels]\nFreude = 3", "labels.Freude: expected a label in quotation marks, found 3"),
        ("[emodbb]\nanger = 'sad'", r"\[emodbb\] is no corpus, did you mean 'emodb'\?"),
        ("[emodb]\nangr = 'sad'", r"emodb.angr: not a word of emodb, did you mean 'anger'\?"),
        ("Freude = 'happy'", r"\[Freude\] is no corpus"),
        ("family = 'happy'", r"family stands outside of a section; begin with \[labels\]"),
        ("[labels", "is not valid TOML"),
    ],
)
def test_faults_of_the_table_are_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        table(tmp_path, text)
    assert str(tmp_path / "labels.toml") in str(caught.value)


def test_all_faults_of_the_table_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"(?s)labels\.a: .*labels\.b: .*\[c\]"):
        table(tmp_path, "[labels]\na = 'x'\nb = 'y'\n[c]\n")


def test_table_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.toml").write_bytes('[labels]\n"fröhlich" = "happy"'.encode("latin-1"))
    with pytest.raises(ConfigError, match="is not valid TOML"):
        read_table(tmp_path, known=KNOWN)
