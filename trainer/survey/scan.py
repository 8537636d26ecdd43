"""Every recording of the corpora that are there, measured in parallel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path

from tqdm import tqdm

from edge.contract.labels import EMOTIONS
from edge.errors import AudioDataError, NoInputError
from trainer import corpora
from trainer.corpora.base import Cause, Corpus, Utterance, name_in, recordings
from trainer.survey.measure import Sound, measure


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """One recording with what was measured of it."""

    file: str
    """Relative to the data folder."""
    utterance: Utterance
    sound: Sound | None
    """None where the file cannot be decoded."""
    trouble: str
    """Why it cannot be decoded; else empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PassedOver:
    """A file that the reader of the corpus does not use, and why; it was not measured."""

    file: str
    """Relative to the data folder."""
    cause: Cause
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusScan:
    """All recordings of one corpus."""

    name: str
    title: str
    emotions: tuple[str, ...]
    """What the corpus should have or has, in the order of `edge.contract.labels.EMOTIONS`."""
    examined: tuple[Examined, ...]
    """By path."""
    passed_over: tuple[PassedOver, ...]
    """By path."""

    @property
    def sounds(self) -> tuple[Sound, ...]:
        """What was measured of the recordings that can be decoded."""
        return tuple(item.sound for item in self.examined if item.sound)


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """All corpora that were looked at."""

    data: Path
    """The folder in which they lie."""
    corpora: tuple[CorpusScan, ...]
    unlabelled: Mapping[str, int]
    """Folders whose recordings have no label, such as noises, with how many there are."""


def scan(data: Path, names: Sequence[str] | None, *, n_threads: int) -> Survey:
    """Read and measure every recording; a progress bar shows how far it is.

    Parameters
    ----------
    data : Path
        Folder of the corpora.
    names : sequence of str, or None
        Corpora; None is whatever is there.
    n_threads : int
        Recordings that are decoded at a time; decoder and NumPy work outside Python's lock.

    Raises
    ------
    NoInputError
        If a corpus is absent, or there is none at all.
    ConfigError, SheetError
        If a corpus is unknown, or a table that labels recordings is wrong.
    """
    chosen = _present(data) if names is None else names
    found = [corpora.find(name, data) for name in chosen]
    utterances = [u for findings in found for u in findings.utterances]
    rest = iter(_examine_all(utterances, data, n_threads=n_threads))
    scans = [
        corpus_scan(
            corpora.corpus(name, data),
            examined=tuple(islice(rest, len(findings.utterances))),
            passed_over=tuple(
                PassedOver(file=name_in(data, path=item.path), cause=item.cause, reason=item.reason)
                for item in findings.left_out
            ),
        )
        for name, findings in zip(chosen, found, strict=True)
    ]
    unlabelled = _unlabelled(data, chosen) if names is None else {}
    return Survey(data=data, corpora=tuple(scans), unlabelled=unlabelled)


def examine(utterance: Utterance, data: Path) -> Examined:
    """Measure one recording; that it cannot be decoded is a finding, not an error."""
    sound, trouble = None, ""
    try:
        sound = measure(utterance.path)
    except AudioDataError as error:
        trouble = str(error)
    file = name_in(data, path=utterance.path)
    return Examined(file=file, utterance=utterance, sound=sound, trouble=trouble)


def corpus_scan(
    corpus: Corpus, *, examined: tuple[Examined, ...], passed_over: tuple[PassedOver, ...]
) -> CorpusScan:
    """Join what was found and measured of one corpus."""
    known = {*corpus.emotions, *(item.utterance.emotion for item in examined)}
    return CorpusScan(
        name=corpus.name,
        title=corpus.title,
        emotions=tuple(emotion for emotion in EMOTIONS if emotion in known),
        examined=examined,
        passed_over=passed_over,
    )


def _present(data: Path) -> list[str]:
    names = corpora.names_in(data)
    if not names:
        raise NoInputError(
            f"{data} holds no corpus; expected folders named as public corpora are "
            f"({', '.join(sorted(corpora.CORPORA))}), or own recordings in a folder for each "
            "emotion; check --data"
        )
    return names


def _unlabelled(data: Path, names: Sequence[str]) -> dict[str, int]:
    others = sorted(path for path in data.iterdir() if path.is_dir() and path.name not in names)
    counts = {path.name: len(recordings(path)) for path in others}
    return {name: n for name, n in counts.items() if n}


def _examine_all(utterances: Sequence[Utterance], data: Path, *, n_threads: int) -> list[Examined]:
    pool = ThreadPoolExecutor(n_threads)
    work = pool.map(examine, utterances, repeat(data))
    try:
        return list(tqdm(work, total=len(utterances), desc="looking", unit="clip", disable=None))
    finally:
        pool.shutdown(cancel_futures=True)
