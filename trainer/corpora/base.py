"""What all corpora share: the utterance, and the search for recordings by their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.errors import NoInputError

ENDINGS = frozenset({".wav", ".flac", ".ogg"})
"""Files with these endings are taken for recordings."""

Sex = Literal["F", "M", ""]


@dataclass(frozen=True, kw_only=True, slots=True)
class Utterance:
    """One labelled recording."""

    path: Path
    corpus: str
    emotion: str
    """One of `edge.contract.labels.EMOTIONS`."""
    speaker: str
    """Unique over all corpora: ``"ravdess_07"``."""
    sex: Sex
    """Empty where the corpus does not say."""
    intensity: str
    """As the corpus names it; empty where it has none."""
    text: str
    """What is said, as the corpus numbers it."""
    take: str
    """Which repetition; empty where there is only one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A recording that is not used, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What a folder holds of a corpus, both sorted by path."""

    utterances: tuple[Utterance, ...]
    left_out: tuple[LeftOut, ...]

    def reasons(self) -> Counter[str]:
        """Return how many recordings were left out for each reason."""
        return Counter(item.reason for item in self.left_out)


class NotUsed(Exception):  # noqa: N818 - no error: the recording has no place among the labels
    """Raised by a parser for a recording that is left out; its text is the reason."""


UNKNOWN_NAME = "its name is not one of this corpus"


@dataclass(frozen=True, kw_only=True, slots=True)
class Corpus:
    """One corpus: how its files are named, what may be done with it, where it comes from."""

    name: str
    title: str
    licence: str
    citation: str
    source: str
    """Where to get it: the name of the record and its DOI."""
    emotions: tuple[str, ...]
    """The emotions that it has, in the order of `edge.contract.labels.EMOTIONS`."""
    parse: Callable[[Path], Utterance]
    """Read an utterance from a file's name; raises `NotUsed`."""

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
        utterances: list[Utterance] = []
        left_out: list[LeftOut] = []
        for path in recordings(folder):
            try:
                utterances.append(self.parse(path))
            except NotUsed as why:
                left_out.append(LeftOut(path=path, reason=str(why)))
        if not utterances:
            raise NoInputError(self._absence(folder, n_strangers=len(left_out)))
        return Findings(utterances=tuple(utterances), left_out=tuple(left_out))

    def _absence(self, folder: Path, *, n_strangers: int) -> str:
        found = f"holds {n_strangers} recordings, none named as its are"
        state = found if folder.is_dir() else "does not exist"
        return (
            f"no recordings of {self.title} found: {folder} {state}; "
            f"get it from {self.source} and put its files there, in any nesting"
        )


def recordings(folder: Path) -> list[Path]:
    """Return all sound files below a folder, sorted."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file())
