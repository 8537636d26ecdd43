"""A corpus of one's own: any folder of recordings that a table or its sub-folders label."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from edge.contract.labels import EMOTIONS
from edge.errors import NoInputError
from trainer.corpora import folder, listed
from trainer.corpora.base import Corpus, Reader, Utterance
from trainer.corpora.words import LABELS, LabelTable, plain

LICENCE: Final = "yours"
CITATION: Final = "Own recordings, not published"
_N_REASONS = 3


def corpus(place: Path, table: LabelTable) -> Corpus:
    """Describe own recordings; the corpus is named as their folder.

    Parameters
    ----------
    place : Path
        Holds a table (see `trainer.corpora.listed`) or a folder for each emotion.
    table : LabelTable
        What the words for emotions mean, beside `trainer.corpora.words.LABELS`.

    Raises
    ------
    NoInputError
        If it holds no recording with a label.
    SheetError
        If its table is wrong.
    """
    read = _reader(place)
    meanings = {**LABELS, **table.overlay(place.name)}
    found = {plain(item.emotion) for item in read(place) if isinstance(item, Utterance)}
    words = {word: meanings[word] for word in sorted(found) if word in meanings}
    described = Corpus(
        name=place.name,
        title=f"the own recordings {place.name!r}",
        licence=LICENCE,
        citation=CITATION,
        source="your own recordings",
        words=words,
        read=read,
    )
    if not described.emotions:
        raise NoInputError(_absence(place, described.examine(place).reasons()))
    return described


def _reader(place: Path) -> Reader:
    table = listed.listing(place)
    return listed.reader(table, place.name) if table else folder.reader(place.name)


def _absence(place: Path, reasons: Counter[str]) -> str:
    first = [f"{n} because {reason}" for reason, n in reasons.most_common(_N_REASONS)]
    left_out = f"left out are {'; '.join(first)}" if first else "there are none"
    return (
        f"no recording in {place} can be used: {left_out}; put them into folders named "
        f"{', '.join(EMOTIONS)}, or list them in a {' or '.join(listed.NAMES)}"
    )
