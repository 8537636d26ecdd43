"""Honest figures: the model file itself, through the very analysis that `ser-edge analyze` runs.

A clip in which the gate finds no speech, or which the model vetoes, has no label: it is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge.analysis import ClipAnalysis, ClipAnalyzer, analyze_samples, likeliest
from edge.contract.bundle import ModelBundle
from edge.contract.labels import EMOTIONS
from edge.contract.manifest import CorpusNote
from edge.errors import UsageError
from edge.infer.classifier import EmotionClassifier
from edge.stream.vad import GateSettings
from trainer import audio, metrics
from trainer.corpora.base import Utterance
from trainer.dataset import corpus_named

Speakers = Literal["test", "validation", "all"]

PROTOCOL = (
    "Speaker-independent: none of the speakers named here was trained on. Every clip is analysed "
    "whole by the model file itself through the edge's own code, as `ser-edge analyze` does; the "
    "prediction may be any of the model's emotions, and a clip without a label counts as wrong."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What the model says of one utterance."""

    utterance: Utterance
    analysis: ClipAnalysis


def analyzer(bundle: ModelBundle) -> ClipAnalyzer:
    """Return the edge's analysis with a model and the default speech gate."""
    return ClipAnalyzer(EmotionClassifier(bundle), gate=GateSettings())


def judge(bundle: ModelBundle, utterances: Sequence[Utterance], *, title: str) -> list[Verdict]:
    """Analyse utterances one after the other.

    Parameters
    ----------
    bundle : ModelBundle
    utterances : sequence of Utterance
    title : str
        Stands before the progress bar.

    Raises
    ------
    AudioDataError
        If a recording cannot be decoded: figures over a part of a test would mislead.
    """
    ears = analyzer(bundle)
    bar = tqdm(utterances, desc=title, unit="clip", disable=None, leave=False)
    return [Verdict(utterance=u, analysis=_analyse(ears, u.path)) for u in bar]


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
        for utterance in corpus_named(corpus).find(data / corpus).utterances
        if utterance.speaker in names
    ]
    if not found:
        raise UsageError(
            f"model {bundle.manifest.name} names no {speakers} speakers whose recordings are in "
            f"{data}; expected one of its corpora with speakers held out"
        )
    return found


def report(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Compute all figures of every corpus that occurs.

    Returns
    -------
    dict
        By corpus; plain values, fit for JSON.
    """
    corpora = sorted({verdict.utterance.corpus for verdict in verdicts})
    return {
        corpus: _figures([v for v in verdicts if v.utterance.corpus == corpus], corpus)
        for corpus in corpora
    }


def accepted_as_voice(bundle: ModelBundle, paths: Sequence[Path], *, title: str) -> dict[str, Any]:
    """Count the recordings without a voice that get an emotion all the same.

    Returns
    -------
    dict
        Recordings and windows, and how many of each were given an emotion.
    """
    ears = analyzer(bundle)
    bar = tqdm(paths, desc=title, unit="clip", disable=None, leave=False)
    analyses = [_analyse(ears, path) for path in bar]
    windows = [scores.is_speech for analysis in analyses for scores in analysis.windows]
    return {
        "n_clips": len(analyses),
        "n_clips_accepted": sum(analysis.label is not None for analysis in analyses),
        "n_windows": len(windows),
        "n_windows_accepted": sum(windows),
    }


def describe(bundle: ModelBundle, *, speakers: Speakers) -> dict[str, Any]:
    """Return what a report must say of itself."""
    manifest = bundle.manifest
    return {
        "model": manifest.name,
        "version": manifest.version,
        "flatbuffer_sha256": manifest.sha256,
        "precision": manifest.input_tensor.dtype,
        "date_utc": f"{datetime.now(UTC):%Y-%m-%d}",
        "speakers": speakers,
        "protocol": PROTOCOL,
    }


def table(figures: dict[str, Any]) -> str:
    """Return the report of `report` as text for a terminal."""
    return "\n\n".join(_section(corpus, found) for corpus, found in figures.items())


def _analyse(ears: ClipAnalyzer, path: Path) -> ClipAnalysis:
    samples, rate_hz = audio.read(path)
    return analyze_samples(ears, samples, sample_rate_hz=rate_hz)


def _named(note: CorpusNote, speakers: Speakers) -> tuple[str, ...]:
    if speakers == "test":
        return note.speakers_test
    if speakers == "validation":
        return note.speakers_validation
    return note.speakers_validation + note.speakers_test


def _figures(verdicts: Sequence[Verdict], corpus: str) -> dict[str, Any]:
    n_classes = len(EMOTIONS)
    truth = np.array([EMOTIONS.index(v.utterance.emotion) for v in verdicts])
    predicted = _indices(v.analysis.label for v in verdicts)
    known = _indices(_likeliest_known(v.analysis, corpus) for v in verdicts)
    speakers = [v.utterance.speaker for v in verdicts]
    spread = metrics.speaker_spread(truth, predicted, speakers, n_classes=n_classes)
    labelled = predicted != metrics.NO_LABEL
    confidence = np.array([v.analysis.confidence for v in verdicts])
    return {
        "n_clips": len(verdicts),
        "n_without_label": int((~labelled).sum()),
        "speakers": sorted(set(speakers)),
        "accuracy": metrics.accuracy(truth, predicted),
        "uar": metrics.uar(truth, predicted, n_classes=n_classes),
        "uar_interval": _interval(truth, predicted, speakers),
        "uar_of_known": metrics.uar(truth, known, n_classes=n_classes),
        "macro_f1": metrics.macro_f1(truth, predicted, n_classes=n_classes),
        "ece": metrics.expected_calibration_error(
            confidence[labelled], (truth == predicted)[labelled]
        ),
        "recall": _by_emotion(metrics.recalls(truth, predicted, n_classes=n_classes)),
        "confusion": metrics.confusion(truth, predicted, n_classes=n_classes).tolist(),
        "uar_by_speaker": spread.by_speaker,
        "uar_speaker_mean": spread.mean,
        "uar_speaker_deviation": spread.deviation,
    }


def _interval(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], speakers: Sequence[str]
) -> tuple[float, float] | None:
    """Return the 95 % interval of the UAR over speakers; None for one speaker."""
    if len(set(speakers)) == 1:
        return None
    return metrics.bootstrap_interval(
        lambda i: metrics.uar(truth[i], predicted[i], n_classes=len(EMOTIONS)), speakers
    )


def interval_text(interval: Sequence[float] | None) -> str:
    """Return an interval for people."""
    return "one speaker" if interval is None else f"{interval[0]:.1%} to {interval[1]:.1%}"


def _likeliest_known(analysis: ClipAnalysis, corpus: str) -> str | None:
    """Return the likeliest of the emotions that the corpus has, as the literature counts."""
    emotions = corpus_named(corpus).emotions
    return likeliest({e: p for e, p in analysis.probabilities.items() if e in emotions})


def _indices(labels: Iterable[str | None]) -> NDArray[np.int64]:
    return np.array([metrics.NO_LABEL if e is None else EMOTIONS.index(e) for e in labels])


def _by_emotion(values: NDArray[np.float64]) -> dict[str, float]:
    return {e: float(v) for e, v in zip(EMOTIONS, values, strict=True) if np.isfinite(v)}


def _section(corpus: str, found: dict[str, Any]) -> str:
    return "\n".join(
        (
            f"{corpus}: {found['n_clips']} clips, {found['n_without_label']} without a label",
            f"  speakers   {', '.join(found['speakers'])}",
            f"  UAR        {found['uar']:.1%} (95 %: {interval_text(found['uar_interval'])})",
            f"  UAR, known {found['uar_of_known']:.1%} (among the corpus' own emotions)",
            f"  accuracy   {found['accuracy']:.1%}, macro F1 {found['macro_f1']:.1%}",
            f"  ECE        {found['ece']:.3f}",
            f"  by speaker {_list(found['uar_by_speaker'])}",
            f"  recall     {_list(found['recall'])}",
        )
    )


def _list(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.0%}" for name, value in values.items())
