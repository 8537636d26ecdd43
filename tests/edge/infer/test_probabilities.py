from __future__ import annotations

import numpy as np
import pytest

from edge.contract.labels import EMOTIONS
from edge.infer.classifier import probabilities_of
from tests.fakes.specs import manifest


def test_emotions_add_up_to_one_and_non_voice_stands_apart() -> None:
    logits = np.array([0, 0, 0, 0, 0, 0, 0, 0, np.log(8)], np.float32)
    found = probabilities_of(logits, manifest())
    assert tuple(found.emotions) == EMOTIONS
    assert list(found.emotions.values()) == pytest.approx([1 / 8] * 8)
    assert found.non_voice == pytest.approx(0.5)


def test_the_temperature_softens() -> None:
    logits = np.array([4, 0, 0, 0, 0, 0, 0, 0, 0], np.float32)
    hot, cold = (probabilities_of(logits, manifest(temperature=t)).emotions for t in (4.0, 1.0))
    assert hot["calm"] == pytest.approx(np.e / (np.e + 7))
    assert cold["calm"] > hot["calm"]


def test_a_model_without_non_voice() -> None:
    found = probabilities_of(np.array([1.0, 1.0], np.float32), manifest(labels=("happy", "sad")))
    assert found.emotions == pytest.approx({"happy": 0.5, "sad": 0.5})
    assert found.non_voice == 0.0


def test_huge_logits_do_not_overflow() -> None:
    found = probabilities_of(np.full(9, 1e30, np.float32), manifest())
    assert sum(found.emotions.values()) == pytest.approx(1.0)
