"""What all corpora share: the utterance, and the search for recordings by their names."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.contract.labels import EMOTIONS
from edge.errors import NoInputError
from trainer.corpora.words import TABLE_NAME, plain

ENDINGS = frozenset({".wav", ".flac", ".ogg"})
"""Files with these endings are taken for recordings."""

Sex = Literal["F", "M", ""]

Person = tuple[Sex, int | None]
"""Sex, and age in years."""

STRANGER: Person = ("", None)
"""Somebody of whom the corpus says nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Utterance:
    """One labelled recording."""

    path: Path
    corpus: str
    emotion: str
    """One of `edge.contract.labels.EMOTIONS`; as a reader yields it, the corpus' own word."""
    speaker: str
    """Unique over all corpora: ``"ravdess_07"``."""
    sex: Sex
    """Empty where the corpus does not say."""
    age_years: int | None
    """None where the corpus does not say."""
    intensity: str
    """As the corpus names it; empty where it has none."""
    text: str
    """What is said, as the corpus numbers it; empty where it does not."""
    take: str
    """Which repetition; empty where there is only one."""


Cause = Literal["by design", "misnamed", "unusable"]
"""Why a recording is not used: *by design*, it is known and has no place here; *misnamed*, nobody
can tell what it is; *unusable*, its sound is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A recording that is not used, and why."""

    path: Path
    cause: Cause
    reason: str
    """The cause in words: what was found in this recording."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What a folder holds of a corpus, both in the order of the reader."""

    utterances: tuple[Utterance, ...]
    left_out: tuple[LeftOut, ...]

    def reasons(self) -> Counter[str]:
        """Return how many recordings were left out for each reason."""
        return Counter(item.reason for item in self.left_out)


class NotUsed(Exception):  # noqa: N818 - no error: the recording has no place among the labels
    """Raised for a recording that is left out; its text is the reason."""

    def __init__(self, reason: str, *, cause: Cause = "misnamed") -> None:
        super().__init__(reason)
        self.cause = cause


UNKNOWN_NAME = "its name is not one of this corpus"

Found = Utterance | LeftOut
Reader = Callable[[Path], Iterator[Found]]
"""From a folder to everything that it holds, emotions in the corpus' own words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Corpus:
    """One corpus: how its files are read, what may be done with it, where it comes from."""

    name: str
    title: str
    licence: str
    citation: str
    source: str
    """Where to get it: the name of the record and its DOI."""
    words: Mapping[str, str]
    """Its own words for emotions, plain, and the label of each; an empty one leaves out."""
    read: Reader

    @property
    def emotions(self) -> tuple[str, ...]:
        """The labels that it has, in the order of `edge.contract.labels.EMOTIONS`."""
        return tuple(emotion for emotion in EMOTIONS if emotion in self.words.values())

    def find(self, folder: Path) -> Findings:
        """Find all recordings below a folder, however nested.

        Parameters
        ----------
        folder : Path

        Raises
        ------
        NoInputError
            If the folder is absent or holds no recording of this corpus.
        """
        found = self.examine(folder)
        if not found.utterances:
            raise NoInputError(self._absence(folder, n_strangers=len(found.left_out)))
        return found

    def examine(self, folder: Path) -> Findings:
        """Return what a folder holds, even if it is nothing."""
        found = [self._labelled(item) for item in self.read(folder)]
        return Findings(
            utterances=tuple(item for item in found if isinstance(item, Utterance)),
            left_out=tuple(item for item in found if isinstance(item, LeftOut)),
        )

    def _labelled(self, item: Found) -> Found:
        if isinstance(item, LeftOut):
            return item
        word = item.emotion
        label = self.words.get(plain(word))
        if label is None:
            reason = f"{word!r} is no emotion known here; give it a label in {TABLE_NAME}"
            return LeftOut(path=item.path, cause="misnamed", reason=reason)
        if not label:
            reason = f"{word}, which is no label here"
            return LeftOut(path=item.path, cause="by design", reason=reason)
        return dataclasses.replace(item, emotion=label)

    def _absence(self, folder: Path, *, n_strangers: int) -> str:
        found = f"holds {n_strangers} recordings, none named as its are"
        state = found if folder.is_dir() else "does not exist"
        return (
            f"no recordings of {self.title} found: {folder} {state}; "
            f"get it from {self.source} and put its files there, in any nesting"
        )


def recordings(folder: Path) -> list[Path]:
    """Return all sound files below a folder, sorted; hidden files are none."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in ENDINGS and not path.name.startswith(".") and path.is_file()
    )


def name_in(data: Path, *, path: Path) -> str:
    """Return a recording's path below the folder of the corpora; of one elsewhere, all of it.

    Tables name recordings so, so that they can be read where the folder lies elsewhere.
    """
    return path.relative_to(data).as_posix() if path.is_relative_to(data) else str(path)


def by_name(parse: Callable[[Path], Utterance]) -> Reader:
    """Return a reader of a corpus in which the names of files and folders say everything.

    Parameters
    ----------
    parse : callable
        From a path below the corpus' folder to an utterance; raises `NotUsed`.
    """

    def read(folder: Path) -> Iterator[Found]:
        for path in recordings(folder):
            try:
                yield dataclasses.replace(parse(path.relative_to(folder)), path=path)
            except NotUsed as why:
                yield LeftOut(path=path, cause=why.cause, reason=str(why))

    return read


def refuse_contradiction(*, folder: str, name: str) -> None:
    """Raise where a recording's folder and its name tell two things.

    Raises
    ------
    NotUsed
    """
    if folder != name:
        raise NotUsed(f"its folder says {folder}, its name says {name}")
