"""Predictions for tests of what is made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trainer.judging.predictions import Prediction

LABELS = ("calm", "happy", "sad")


def prediction(truth: str, predicted: str, confidence: float = 0.5, **changes: Any) -> Prediction:
    """Return what was said of one clip; an empty label has no confidence."""
    made = Prediction(
        precision="float32",
        seed=1,
        fold="",
        file="ravdess/clip.wav",
        corpus="ravdess",
        speaker="ravdess_01",
        sex="",
        age_years=None,
        truth=truth,
        intensity="",
        text="",
        predicted=predicted,
        confidence=confidence if predicted else 0.0,
        probabilities={predicted: confidence} if predicted else {},
    )
    return replace(made, **changes)
