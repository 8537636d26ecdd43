"""Speech corpora: one module a corpus, file name in, labelled utterance out.

Never here: decoding of sound, features, splits.
May import: `edge.contract.labels`, `edge.contract.tables`, `edge.errors`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from edge.contract.tables import did_you_mean
from edge.errors import ConfigError, NoInputError
from trainer.corpora import cremad, emodb, nemo, own, ravdess, savee, tess, urdu
from trainer.corpora.base import Corpus, Findings, Utterance
from trainer.corpora.sheet import SheetError
from trainer.corpora.words import LabelTable, read_table

CORPORA: Mapping[str, Corpus] = MappingProxyType(
    {
        corpus.name: corpus
        for corpus in (
            ravdess.SPEECH,
            ravdess.SONG,
            cremad.CORPUS,
            tess.CORPUS,
            savee.CORPUS,
            emodb.CORPUS,
            nemo.CORPUS,
            urdu.CORPUS,
        )
    }
)
"""The public corpora; any other folder below the data folder is a corpus of the user's own."""


def corpus(name: str, data: Path) -> Corpus:
    """Describe a corpus, its words mapped as the user's own table of labels says.

    Parameters
    ----------
    name : str
        Key of `CORPORA`, or a folder with own recordings.
    data : Path
        The folder of the corpora; of a public one nothing but the table is read.

    Raises
    ------
    ConfigError
        If the corpus is unknown, or the table of labels is wrong.
    NoInputError, SheetError
        If own recordings cannot be used; see `trainer.corpora.own.corpus`.
    """
    table = _table(data)
    if name in CORPORA:
        words = _public_words(name, table)
        return dataclasses.replace(CORPORA[name], words=words)
    if name not in _folders(data):
        hint = did_you_mean(name, sorted({*CORPORA, *_folders(data)}))
        raise ConfigError(
            f"unknown corpus {name!r}: it is no public one, and no folder in {data}; {hint}"
        )
    return own.corpus(data / name, table)


def find(name: str, data: Path) -> Findings:
    """Find the recordings of a corpus; parameters and errors as `corpus`.

    Raises
    ------
    NoInputError
        Also if the folder of a public corpus is absent or holds none of its recordings.
    """
    return corpus(name, data).find(data / name)


def names_in(data: Path) -> list[str]:
    """Return the corpora that a folder holds, sorted: whatever has a recording with a label.

    A folder with a faulty list of recordings is one too: whoever reads it learns its faults.

    Raises
    ------
    ConfigError
        If the table of labels is wrong.
    """
    return [name for name in _folders(data) if _holds_recordings(name, data)]


def _holds_recordings(name: str, data: Path) -> bool:
    try:
        if name in CORPORA:
            return any(isinstance(item, Utterance) for item in CORPORA[name].read(data / name))
        return bool(corpus(name, data).emotions)
    except NoInputError:
        return False
    except SheetError:
        return True


def _folders(data: Path) -> list[str]:
    if not data.is_dir():
        return []
    return sorted(p.name for p in data.iterdir() if p.is_dir() and not p.name.startswith("."))


def _table(data: Path) -> LabelTable:
    any_word: tuple[str, ...] = ()
    known = dict.fromkeys(_folders(data), any_word)
    return read_table(data, known={**known, **{c.name: tuple(c.words) for c in CORPORA.values()}})


def _public_words(name: str, table: LabelTable) -> dict[str, str]:
    overlay = table.overlay(name)
    return {word: overlay.get(word, label) for word, label in CORPORA[name].words.items()}
