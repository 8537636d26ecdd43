from __future__ import annotations

import string
from dataclasses import fields, replace
from pathlib import Path

import pytest

from edge.errors import AudioDataError, NoInputError, SerError
from trainer.studio import wording
from trainer.studio.verdict import Verdict
from trainer.studio.wording import Choice, ConsentWords, Lines

TOGETHER = (
    (Choice.BEGIN, Choice.QUIT),
    (Choice.GO_ON, Choice.AGAIN, Choice.QUIT),
    (Choice.RECORD, Choice.SKIP, Choice.BACK, Choice.QUIT),
    (Choice.KEEP, Choice.AGAIN, Choice.SKIP, Choice.BACK, Choice.QUIT),
)


def _blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _texts(words: ConsentWords | Lines) -> dict[str, str]:
    return {field.name: getattr(words, field.name) for field in fields(words)}


def test_there_is_english_and_german() -> None:
    assert wording.languages() == ["de", "en"]


@pytest.mark.parametrize("language", wording.languages())
def test_every_language_says_the_same(language: str) -> None:
    words, english = wording.load(language), wording.load("en")
    for part in ("consent", "lines"):
        own, others = _texts(getattr(words, part)), _texts(getattr(english, part))
        assert {k: _blanks(v) for k, v in own.items()} == {k: _blanks(v) for k, v in others.items()}
    assert words.consent.version == english.consent.version
    assert len(words.sentences) == len(english.sentences)


@pytest.mark.parametrize("language", wording.languages())
def test_keys_that_are_offered_together_differ(language: str) -> None:
    words = wording.load(language).choices
    for choices in TOGETHER:
        keys = [words[choice][0].casefold() for choice in choices]
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("language", wording.languages())
def test_sentences_lie_in_files_of_their_own(language: str) -> None:
    sentences = wording.load(language).sentences
    assert len({wording.stem(sentence) for sentence in sentences}) == len(sentences)


def test_the_consent_text_tells_who_what_for_where_and_how_it_is_deleted() -> None:
    assert _blanks(wording.load("en").consent.text) == {"speaker", "recorder", "folder", "command"}


def test_a_language_without_a_word_is_refused() -> None:
    words = wording.load("en")
    advice = {key: text for key, text in words.advice.items() if key != Verdict.LOUD}
    with pytest.raises(ValueError, match=r"advice are good, .* expected good, "):
        replace(words, advice=advice)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The door is still open.", "the-door-is-still-open"),
        ("Ich hör' Straßenlärm!", "ich-hör-strassenlärm"),
        ("a/../b", "a-b"),
        ("  ...  ", ""),
        ("word " * 30, "word-" * 11 + "word"),
    ],
)
def test_a_sentence_becomes_a_name(sentence: str, expected: str) -> None:
    assert wording.stem(sentence) == expected


def test_own_sentences_stand_one_on_each_line(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("\ufeff# of ours\nGood morning, grandma.\n\n  Täglich grüßt es.\n", "utf-8")
    assert wording.read_sentences(path) == ("Good morning, grandma.", "Täglich grüßt es.")


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (None, NoInputError, "does not exist; check --sentences"),
        (b"# only this\n\n", AudioDataError, "holds no sentence, expected one on each line"),
        (b"It is open.\nIt is open?\n", AudioDataError, "'It is open.' and 'It is open\\?' would"),
        (b"...\n", AudioDataError, "'...' holds no word"),
        (b"\xff\xfe", AudioDataError, "is no text in UTF-8"),
    ],
)
def test_sentences_that_cannot_be_used_are_refused(
    content: bytes | None, kind: type[SerError], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "own.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(kind, match=message):
        wording.read_sentences(path)
