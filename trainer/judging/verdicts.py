"""What the device would say of recordings: the very analysis that `ser-edge analyze` runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from edge.analysis import ClipAnalysis, ClipAnalyzer, analyze_samples
from edge.contract.bundle import ModelBundle
from edge.infer.classifier import EmotionClassifier
from edge.stream.vad import GateSettings
from trainer.corpora.base import Utterance
from trainer.sound import audio


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


def accepted_as_voice(bundle: ModelBundle, paths: Sequence[Path], *, title: str) -> dict[str, Any]:
    """Count the recordings without a voice that get a label all the same.

    Returns
    -------
    dict
        Recordings and windows, and how many of each were given a label.
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


def _analyse(ears: ClipAnalyzer, path: Path) -> ClipAnalysis:
    samples, rate_hz = audio.read(path)
    return analyze_samples(ears, samples, sample_rate_hz=rate_hz)
