"""What a whole recording sounds like: the one analysis of `ser-edge analyze` and the trainer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contract.bundle import ModelBundle
from edge.decide.outcomes import Scores
from edge.dsp.extract import check_samples
from edge.infer.classifier import EmotionClassifier
from edge.pipeline import WindowScorer
from edge.stream.blocks import AudioBlock
from edge.stream.vad import GateSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipAnalysis:
    """What a model tells of a recording: over all of it, and window by window."""

    duration_s: float
    speech_s: float
    """Seconds of speech that the gate heard in the whole recording."""
    label: str | None
    """The likeliest of the model's labels; None where there was no speech."""
    confidence: float
    """Its probability; 0 where there was no speech."""
    probabilities: dict[str, float]
    """Mean of the windows' probabilities, weighted by the speech in them; empty without speech."""
    windows: tuple[Scores, ...]
    sample_rate_hz: int
    """Rate that the windows' positions count in."""

    def to_dict(self) -> dict[str, Any]:
        """Return the part of the JSON line that describes the recording."""
        return {
            "duration_s": round(self.duration_s, 3),
            "speech_s": round(self.speech_s, 3),
            "label": self.label,
            "confidence": round(self.confidence, 4),
            "probabilities": _rounded(self.probabilities),
            "windows": [self._window(scores) for scores in self.windows],
        }

    def _window(self, scores: Scores) -> dict[str, Any]:
        end_s = min(scores.end_sample / self.sample_rate_hz, self.duration_s)
        probabilities = scores.probabilities if scores.is_speech else None
        return {
            "start_s": round(scores.start_sample / self.sample_rate_hz, 3),
            "end_s": round(end_s, 3),
            "speech": scores.is_speech,
            "label": likeliest(probabilities),
            "probabilities": _rounded(probabilities or {}),
        }


class ClipAnalyzer:
    """Analyse recordings one after the other with one model.

    Parameters
    ----------
    classifier : EmotionClassifier
    gate : GateSettings
    """

    def __init__(self, classifier: EmotionClassifier, *, gate: GateSettings) -> None:
        self._classifier = classifier
        self._gate = gate

    @property
    def bundle(self) -> ModelBundle:
        """The model that answers."""
        return self._classifier.bundle

    def analyze(self, blocks: Iterable[AudioBlock]) -> ClipAnalysis:
        """Analyse a recording that comes in blocks of one rate; only the scores pile up."""
        scorer = WindowScorer(
            self._classifier, gate=self._gate, decision=self.bundle.manifest.decision
        )
        windows: list[Scores] = []
        n_samples, rate_hz = 0, scorer.sample_rate_hz
        for block in blocks:
            rate_hz = block.sample_rate_hz
            n_samples += len(check_samples(block.samples))
            windows.extend(scorer.push(block))
        windows.extend(scorer.flush())
        return _summary(scorer, windows, n_samples / rate_hz)


def analyze_samples(
    analyzer: ClipAnalyzer, samples: NDArray[np.float32], *, sample_rate_hz: int
) -> ClipAnalysis:
    """Analyse a recording that is in memory, shape (n,), in its own rate."""
    block = AudioBlock(samples=samples, sample_rate_hz=sample_rate_hz, n_lost=0)
    return analyzer.analyze([block])


def likeliest(probabilities: dict[str, float] | None) -> str | None:
    """Return the label with the highest probability, the first of equals; None for none."""
    return max(probabilities, key=probabilities.__getitem__) if probabilities else None


def _summary(scorer: WindowScorer, windows: list[Scores], duration_s: float) -> ClipAnalysis:
    probabilities = _mean_probabilities(windows)
    label = likeliest(probabilities)
    return ClipAnalysis(
        duration_s=duration_s,
        speech_s=scorer.speech_s,
        label=label,
        confidence=probabilities[label] if label else 0.0,
        probabilities=probabilities,
        windows=tuple(windows),
        sample_rate_hz=scorer.sample_rate_hz,
    )


def _mean_probabilities(windows: list[Scores]) -> dict[str, float]:
    voiced = [(w.speech_s, w.probabilities) for w in windows if w.is_speech and w.probabilities]
    total_s = sum(speech_s for speech_s, _ in voiced)
    if not total_s:
        return {}
    return {
        label: sum(speech_s * found[label] for speech_s, found in voiced) / total_s
        for label in voiced[0][1]
    }


def _rounded(probabilities: dict[str, float]) -> dict[str, float]:
    return {label: round(p, 4) for label, p in probabilities.items()}
