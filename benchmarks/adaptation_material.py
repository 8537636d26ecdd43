"""What the bundled model says of people whom it never heard: the study of adaptation's material.

Every clip goes through the edge's own code once. Of each window with speech the features, the
network's outputs and the seconds of speech are kept, in memory and for this study alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.analysis import ClipAnalyzer, analyze_samples
from edge.app.models import bundled_model
from edge.contract.bundle import ModelBundle
from edge.infer.classifier import EmotionClassifier, WindowProbabilities, probabilities_of
from edge.stream.vad import GateSettings
from trainer import corpora
from trainer.corpora.base import Utterance
from trainer.corpora.targets import with_target
from trainer.judging.evaluate import Speakers, held_out
from trainer.judging.predictions import spoken_labels
from trainer.sound import audio

USUAL = ("calm", "neutral")
"""How somebody mostly sounds at home, as far as acted corpora have it."""
TESS_CLIPS = 200
"""Of each emotion and woman; all 2800 would take an hour and say the same."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """One recording as the model heard it; the rows are its windows with speech."""

    corpus: str
    speaker: str
    truth: str
    path: Path
    spoken_s: float
    """Seconds of speech in all of it."""
    speech_s: Floats
    features: NDArray[np.float16]
    """Shape (n, frames, bands), as the network gets them."""
    posteriors: Floats
    """Shape (n, emotions)."""
    is_voice: NDArray[np.bool_]
    """Whether the model did not veto the window."""


class Witness(EmotionClassifier):
    """The classifier, which keeps what it was given and what it answered."""

    def __init__(self, bundle: ModelBundle) -> None:
        super().__init__(bundle)
        self.features: list[NDArray[np.float32]] = []
        self.answers: list[WindowProbabilities] = []

    def probabilities(self, features: NDArray[np.float32]) -> WindowProbabilities:
        answer = super().probabilities(features)
        self.features.append(features)
        self.answers.append(answer)
        return answer


class Studio:
    """Analyses clips with the bundled model and keeps what the study needs."""

    def __init__(self) -> None:
        self.bundle = ModelBundle.load(bundled_model())
        self.witness = Witness(self.bundle)
        self.veto = self.bundle.manifest.decision.non_voice_veto
        self.labels = spoken_labels(self.bundle)
        self._analyzer = ClipAnalyzer(self.witness, gate=GateSettings())

    def clip(self, utterance: Utterance) -> Clip:
        samples, rate_hz = audio.read(utterance.path)
        self.forget()
        analysis = analyze_samples(self._analyzer, samples, sample_rate_hz=rate_hz)
        judged = [w for w in analysis.windows if w.probabilities is not None]
        return Clip(
            corpus=utterance.corpus,
            speaker=utterance.speaker,
            truth=utterance.emotion,
            path=utterance.path,
            spoken_s=analysis.speech_s,
            speech_s=np.array([w.speech_s for w in judged], np.float64),
            features=np.array(self.witness.features, np.float16),
            posteriors=_rows(a.emotions.values() for a in self.witness.answers),
            is_voice=np.array([a.non_voice <= self.veto for a in self.witness.answers], np.bool_),
        )

    def clips(self, utterances: Sequence[Utterance]) -> list[Clip]:
        found = [self.clip(utterance) for utterance in utterances]
        return [clip for clip in found if len(clip.speech_s)]

    def forget(self) -> None:
        """Let go of what the classifier was given and has answered."""
        self.witness.features.clear()
        self.witness.answers.clear()

    def again(self, features: NDArray[np.floating]) -> Floats:
        """Return the posteriors of other features, one window a row."""
        outputs = (self.witness.logits(np.asarray(f, np.float32)) for f in features)
        answers = (probabilities_of(logits, self.bundle.manifest) for logits in outputs)
        return _rows(answer.emotions.values() for answer in answers)


def unseen(studio: Studio, data: Path, speakers: Speakers) -> list[Utterance]:
    """Return speech of people whom the model never heard; singing is nobody's usual voice.

    TESS, which no part of the model has seen, is among the test speakers.
    """
    found = [
        u for u in held_out(studio.bundle, data, speakers=speakers) if u.corpus != "ravdess-song"
    ]
    return found + (_tess(studio, data) if speakers == "test" else [])


def training(studio: Studio, data: Path) -> list[Utterance]:
    """Return the usual voice of the people whom the model was trained on."""
    names = {note.name: set(note.speakers_train) for note in studio.bundle.manifest.corpora}
    return [
        utterance
        for corpus, known in names.items()
        if corpus != "ravdess-song"
        for utterance in corpora.find(corpus, data).utterances
        if utterance.speaker in known and utterance.emotion in USUAL
    ]


def other_sounds(studio: Studio, data: Path) -> list[Clip]:
    """Return sounds without speech in which the gate and the model heard a voice all the same."""
    stranger = {"corpus": "esc10", "emotion": "", "speaker": "", "sex": "", "age_years": None}
    sounds = [
        Utterance(path=path, intensity="", text="", take="", **stranger)  # type: ignore[arg-type]
        for path in sorted((data / "esc10").rglob("*.flac"))
    ]
    return [clip for clip in studio.clips(sounds) if clip.is_voice.any()]


def _tess(studio: Studio, data: Path) -> list[Utterance]:
    return list(with_target(corpora.find("tess", data).utterances, studio.labels).utterances)


def _rows(answers: Iterable[Iterable[float]]) -> Floats:
    return np.array([list(answer) for answer in answers], np.float64)
