"""The figures of a model file on the speakers that it was not trained on, corpus by corpus.

A clip in which the gate finds no speech, or which the model vetoes, has no label: it is wrong.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from edge.analysis import likeliest
from edge.contract.bundle import ModelBundle
from edge.contract.manifest import CorpusNote
from edge.errors import UsageError
from trainer import corpora
from trainer.corpora.base import Utterance
from trainer.corpora.targets import with_target
from trainer.judging.figures import figures_of, uar_of
from trainer.judging.predictions import Prediction, spoken_labels

Speakers = Literal["test", "validation", "all"]

PROTOCOL = (
    "Speaker-independent: none of the speakers named here was trained on. Every clip is analysed "
    "whole by the model file itself through the edge's own code, as `ser-edge analyze` does; the "
    "prediction may be any of the model's labels, and a clip without a label counts as wrong."
)


def held_out(bundle: ModelBundle, data: Path, *, speakers: Speakers) -> list[Utterance]:
    """Find the utterances of the speakers that the model's manifest names.

    Parameters
    ----------
    bundle : ModelBundle
    data : Path
        Holds a folder for each corpus, named as it.
    speakers : {"test", "validation", "all"}
        ``"all"`` is the speakers of both; training speakers are never judged by.

    Raises
    ------
    NoInputError
        If a corpus is absent.
    UsageError
        If the model names no such speakers.
    """
    wanted = {note.name: _named(note, speakers) for note in bundle.manifest.corpora}
    found = [
        utterance
        for corpus, names in wanted.items()
        if names
        for utterance in corpora.find(corpus, data).utterances
        if utterance.speaker in names
    ]
    usable = list(with_target(found, spoken_labels(bundle)).utterances)
    if not usable:
        raise UsageError(
            f"model {bundle.manifest.name} names no {speakers} speakers whose recordings are in "
            f"{data}; expected one of its corpora with speakers held out"
        )
    return usable


def report(predictions: Sequence[Prediction], labels: Sequence[str]) -> dict[str, Any]:
    """Compute all figures of every corpus that occurs.

    Parameters
    ----------
    predictions : sequence of Prediction
        Of one precision.
    labels : sequence of str
        As `spoken_labels` gives them.

    Returns
    -------
    dict
        By corpus, what `figures_of` has; ``speakers``; ``uar_by_speaker``; and ``uar_of_known``,
        the UAR when only the labels that occur in the corpus may be answered, as the literature
        counts.
    """
    by_corpus = {
        corpus: [p for p in predictions if p.corpus == corpus]
        for corpus in sorted({p.corpus for p in predictions})
    }
    return {corpus: _figures(rows, labels) for corpus, rows in by_corpus.items()}


def describe(bundle: ModelBundle, *, speakers: str) -> dict[str, Any]:
    """Return what a report must say of itself."""
    manifest = bundle.manifest
    return {
        "model": manifest.name,
        "version": manifest.version,
        "flatbuffer_sha256": manifest.sha256,
        "date_utc": f"{datetime.now(UTC):%Y-%m-%d}",
        "speakers": speakers,
        "protocol": PROTOCOL,
    }


def table(figures: dict[str, Any]) -> str:
    """Return the report of `report` as text for a terminal."""
    return "\n\n".join(_section(corpus, found) for corpus, found in figures.items())


def interval_text(interval: Sequence[float] | None) -> str:
    """Return an interval for people."""
    return "one speaker" if interval is None else f"{interval[0]:.1%} to {interval[1]:.1%}"


def shares_text(shares: Mapping[str, float | None]) -> str:
    """Return shares by name for people; what is not known is left out."""
    return ", ".join(f"{name} {share:.0%}" for name, share in shares.items() if share is not None)


def _named(note: CorpusNote, speakers: Speakers) -> tuple[str, ...]:
    if speakers == "test":
        return note.speakers_test
    if speakers == "validation":
        return note.speakers_validation
    return note.speakers_validation + note.speakers_test


def _figures(rows: Sequence[Prediction], labels: Sequence[str]) -> dict[str, Any]:
    own = {row.truth for row in rows}
    by_speaker = {
        speaker: uar_of([r for r in rows if r.speaker == speaker], labels)
        for speaker in sorted({row.speaker for row in rows})
    }
    return {
        **figures_of(rows, labels),
        "speakers": sorted(by_speaker),
        "uar_by_speaker": by_speaker,
        "uar_of_known": uar_of([_among(row, own) for row in rows], labels),
    }


def _among(row: Prediction, own: set[str]) -> Prediction:
    """Return the prediction as it would be if only some labels could be answered."""
    word = likeliest({label: p for label, p in row.probabilities.items() if label in own})
    return dataclasses.replace(row, predicted=word or "")


def _section(corpus: str, found: dict[str, Any]) -> str:
    return "\n".join(
        (
            f"{corpus}: {found['n_clips']} clips, {found['n_without_label']} without a label",
            f"  speakers   {', '.join(found['speakers'])}",
            f"  UAR        {found['uar']:.1%} (95 %: {interval_text(found['uar_interval'])})",
            f"  UAR, known {found['uar_of_known']:.1%} (among the labels that the corpus has)",
            f"  accuracy   {found['accuracy']:.1%}, macro F1 {found['macro_f1']:.1%}",
            f"  ECE        {_number(found['ece'])}",
            f"  by speaker {shares_text(found['uar_by_speaker'])}",
            f"  recall     {shares_text(found['recall'])}",
        )
    )


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
