"""The temperature that makes confidence honest."""

from __future__ import annotations

import numpy as np
import pytest

from edge.analysis import ClipAnalysis
from edge.contract.labels import EMOTIONS
from edge.decide.outcomes import Scores
from tests.fakes.utterances import utterance
from trainer.fitting import calibrate
from trainer.judging.verdicts import Verdict


def verdict(probabilities: np.ndarray, *, emotion: str) -> Verdict:
    found = dict(zip(EMOTIONS, probabilities.tolist(), strict=True))
    window = Scores(
        start_sample=0,
        end_sample=1,
        speech_s=1.0,
        level_dbfs=-20.0,
        is_speech=True,
        probabilities=found,
        inference_ms=0.0,
    )
    analysis = ClipAnalysis(
        duration_s=1.0,
        speech_s=1.0,
        label=None,
        confidence=0.0,
        probabilities=found,
        windows=(window,),
        sample_rate_hz=16000,
    )
    return Verdict(utterance=utterance("a.wav", emotion=emotion), analysis=analysis)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_that_was_put_in_is_found(temperature: float) -> None:
    rng = np.random.default_rng(0)
    verdicts = []
    for _ in range(4000):
        logits = 2.0 * rng.standard_normal(len(EMOTIONS))
        honest = np.exp(logits) / np.exp(logits).sum()
        told = np.exp(temperature * logits) / np.exp(temperature * logits).sum()
        verdicts.append(verdict(told, emotion=str(rng.choice(EMOTIONS, p=honest))))
    assert calibrate.fit_temperature(verdicts, labels=EMOTIONS) == pytest.approx(
        temperature, rel=0.07
    )


def test_cross_entropy_by_hand() -> None:
    logits = np.log(np.array([[0.5, 0.5], [0.25, 0.75]]))
    found = calibrate.cross_entropy(logits, np.array([0, 1]), np.array([1.0, 3.0]))
    assert found == pytest.approx(-(np.log(0.5) + 3 * np.log(0.75)) / 4)
