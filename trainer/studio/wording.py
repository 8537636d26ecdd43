"""Everything that the person at the microphone reads, one TOML for each language."""

from __future__ import annotations

import enum
import re
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from edge.contract import tables
from edge.contract.labels import EMOTIONS
from edge.errors import AudioDataError, NoInputError
from trainer.studio.verdict import Verdict

_FOLDER = resources.files("trainer.studio")
_LONGEST_STEM = 60


class Choice(enum.StrEnum):
    """What the person may decide; its key is the first letter of its word in the language."""

    BEGIN = "begin"
    RECORD = "record"
    KEEP = "keep"
    AGAIN = "again"
    BACK = "back"
    SKIP = "skip"
    GO_ON = "go_on"
    QUIT = "quit"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentWords:
    """The consent text and its questions."""

    version: str
    """Raised with every change of the text: consent to another text is asked for anew."""
    title: str
    text: str
    """With ``{speaker}``, ``{recorder}``, ``{folder}``, ``{command}``."""
    question: str
    yes: str
    """The one answer that counts as consent."""
    by: str
    """Asks who agreed, with ``{speaker}``."""
    known: str
    """Said in a later session, with ``{by}`` and ``{date}``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lines:
    """What the session says; in braces what is filled in."""

    level_check: str
    microphone: str
    keep_quiet: str
    background: str
    say_this: str
    speaking: str
    measured: str
    result: str
    progress: str
    quoted: str
    rest: str
    complete: str
    end: str
    finished: str
    stopped: str
    forget: str
    forgotten: str
    not_forgotten: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """One language.

    Raises
    ------
    ValueError
        If a choice, verdict or emotion has no words, or something else has.
    """

    sentences: tuple[str, ...]
    consent: ConsentWords
    lines: Lines
    choices: dict[str, str]
    verdicts: dict[str, str]
    """A word about a take."""
    advice: dict[str, str]
    """What to do about the microphone's place."""
    emotions: dict[str, str]
    scenes: dict[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        for name, words, expected in (
            ("choices", self.choices, Choice),
            ("verdicts", self.verdicts, Verdict),
            ("advice", self.advice, Verdict),
            ("emotions", self.emotions, EMOTIONS),
            ("scenes", self.scenes, EMOTIONS),
        ):
            _refuse_mismatch(name, found=words, expected=[str(key) for key in expected])


def languages() -> list[str]:
    """Return the languages that there are, ``["de", "en"]``."""
    names = (Path(entry.name) for entry in _FOLDER.iterdir())
    return sorted(name.stem for name in names if name.suffix == ".toml")


def load(language: str) -> Wording:
    """Return the wording of one of the `languages`."""
    text = (_FOLDER / f"{language}.toml").read_text(encoding="utf-8")
    return tables.from_table(Wording, tomllib.loads(text), path="")


def read_sentences(path: Path) -> tuple[str, ...]:
    """Read sentences of one's own: one a line; empty lines and those after ``#`` do not count.

    Raises
    ------
    NoInputError
        If the file is absent.
    AudioDataError
        If it holds none, or two that would be kept under the same name.
    """
    if not path.is_file():
        raise NoInputError(f"the file of sentences {path} does not exist; check --sentences")
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise AudioDataError(f"{path} is no text in UTF-8 ({error}); save it as UTF-8") from error
    sentences = tuple(line for line in lines if line and not line.startswith("#"))
    if not sentences:
        raise AudioDataError(f"{path} holds no sentence, expected one on each line")
    _refuse_twins(sentences, path)
    return sentences


def stem(sentence: str) -> str:
    """Return the sentence as a part of a file's name: ``"the-door-is-still-open"``."""
    words = re.findall(r"\w+", sentence.casefold())
    return "-".join(words)[:_LONGEST_STEM].strip("-")


def _refuse_twins(sentences: Iterable[str], path: Path) -> None:
    seen: dict[str, str] = {}
    for sentence in sentences:
        name = stem(sentence)
        if not name:
            raise AudioDataError(f"{path}: {sentence!r} holds no word that could be said")
        if name in seen:
            raise AudioDataError(
                f"{path}: {seen[name]!r} and {sentence!r} would be kept under the same name; "
                f"let their first {_LONGEST_STEM} letters differ"
            )
        seen[name] = sentence


def _refuse_mismatch(name: str, *, found: Collection[str], expected: Collection[str]) -> None:
    if set(found) != set(expected):
        raise ValueError(f"{name} are {', '.join(found)}; expected {', '.join(expected)}")
