"""Words for emotions: what corpora and people call them, and the label that each stands for."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from edge.contract.labels import EMOTIONS
from edge.contract.tables import did_you_mean
from edge.errors import ConfigError

TABLE_NAME: Final = "labels.toml"
"""Name of the table of label mappings in the folder of the corpora."""

EVERYWHERE: Final = "labels"
"""Section of the table that holds for every corpus; the others are named as a corpus."""

LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {emotion: emotion for emotion in EMOTIONS}
    | {
        "happiness": "happy",
        "joy": "happy",
        "sadness": "sad",
        "anger": "angry",
        "fear": "fearful",
        "anxiety": "fearful",
        "disgust": "disgusted",
        "surprise": "surprised",
        "pleasant surprise": "surprised",
        "boredom": "",
    }
)
"""What words mean where no table says otherwise; an empty label leaves a recording out."""


def plain(word: str) -> str:
    """Return a word without regard to capitals, outer spaces and how its accents are encoded."""
    return unicodedata.normalize("NFC", word).strip().casefold()


def meanings(*words: str) -> Mapping[str, str]:
    """Return the labels of some of the words in `LABELS`."""
    return MappingProxyType({word: LABELS[word] for word in words})


class Spelling:
    """Gives a person one name: however it is spelt later, the first spelling holds.

    ``Anna`` in one folder and ``anna`` in another would else be two speakers, on two sides.
    """

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """Return the first spelling of a name."""
        return self._first.setdefault(plain(name), unicodedata.normalize("NFC", name.strip()))


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelTable:
    """A user's own mapping of words to labels; every word is plain."""

    everywhere: Mapping[str, str]
    by_corpus: Mapping[str, Mapping[str, str]]

    def overlay(self, corpus: str) -> dict[str, str]:
        """Return what the table says of the words of a corpus."""
        return {**self.everywhere, **self.by_corpus.get(corpus, {})}


def read_table(data: Path, *, known: Mapping[str, Collection[str]]) -> LabelTable:
    """Read the table of a folder of corpora; where there is none, nothing is mapped.

    Parameters
    ----------
    data : Path
        Its file `TABLE_NAME` is read.
    known : Mapping
        The corpora that there are, each with its own words for emotions; a corpus without words
        may use any.

    Raises
    ------
    ConfigError
        If it is no TOML, names an unknown corpus, word or label; the message has every fault.
    """
    path = data / TABLE_NAME
    if not path.is_file():
        return LabelTable(everywhere={}, by_corpus={})
    sections = _parsed(path)
    faults = list(_faults(sections, known))
    if faults:
        raise ConfigError("\n  ".join([f"{path} cannot be used:", *faults]))
    tables = {name: {plain(w): label for w, label in s.items()} for name, s in sections.items()}
    return LabelTable(everywhere=tables.pop(EVERYWHERE, {}), by_corpus=tables)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def _faults(sections: Mapping[str, Any], known: Mapping[str, Collection[str]]) -> Iterator[str]:
    for name, section in sections.items():
        if name != EVERYWHERE and name not in known:
            yield f"[{name}] is no corpus, {did_you_mean(name, [EVERYWHERE, *known])}"
        elif isinstance(section, dict):
            yield from _faults_of(name, section, known.get(name, ()))
        else:
            yield f"{name} stands outside of a section; begin with [{EVERYWHERE}]"


def _faults_of(name: str, section: Mapping[str, Any], words: Iterable[str]) -> Iterator[str]:
    vocabulary = list(words)
    for word, label in section.items():
        if vocabulary and plain(word) not in vocabulary:
            yield f"{name}.{word}: not a word of {name}, {did_you_mean(plain(word), vocabulary)}"
        if not isinstance(label, str):
            yield f"{name}.{word}: expected a label in quotation marks, found {label!r}"
        elif label and label not in EMOTIONS:
            hint = did_you_mean(label, list(EMOTIONS))
            yield f"{name}.{word}: {label!r} is no label, {hint}"
