from __future__ import annotations

from importlib import resources
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from edge.contract.bundle import ModelBundle
from edge.infer.classifier import EmotionClassifier
from edge.service.benchmark import STAGES, Speed, _hops, measure
from tests.support import need


@pytest.fixture(scope="module")
def classifier() -> EmotionClassifier:
    model = Path(str(resources.files("edge") / "models" / "room.tflite"))
    need(model.is_file(), "the bundled model edge/models/room.tflite")
    return EmotionClassifier(ModelBundle.load(model))


def noise(n: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, n).astype(np.float32)


def speed_of(classifier: EmotionClassifier, microphone_rate_hz: int) -> Speed:
    return measure(
        classifier,
        noise(20_000),
        microphone_rate_hz=microphone_rate_hz,
        block_ms=20,
        duration_s=2.0,
    )


@pytest.mark.parametrize("rate_hz", [16000, 44100, 48000])
def test_every_stage_is_timed(classifier: EmotionClassifier, rate_hz: int) -> None:
    speed = speed_of(classifier, rate_hz)
    assert tuple(speed.stages) == STAGES
    assert all(0 < stage.median_ms <= stage.worst_ms for stage in speed.stages.values())
    assert speed.microphone_rate_hz == rate_hz
    assert speed.n_hops * speed.hop_ms == pytest.approx(2000, abs=speed.hop_ms / 2)


def test_the_figures_belong_together(classifier: EmotionClassifier) -> None:
    speed = speed_of(classifier, 16000)
    assert speed.times_over == speed.hop_ms / speed.pipeline.median_ms
    assert speed.share_of_core == speed.cpu_ms / speed.hop_ms > 0


@pytest.mark.parametrize(("rate_hz", "hop_s"), [(16000, 0.5), (44100, 0.25), (8000, 0.507)])
def test_hops_are_the_endless_sound_in_blocks(rate_hz: int, hop_s: float) -> None:
    sound = noise(12_345)
    hops = list(islice(_hops(sound, rate_hz=rate_hz, hop_s=hop_s, block_ms=20), 9))
    given = np.concatenate([block.samples for hop in hops for block in hop])
    np.testing.assert_array_equal(given, np.resize(sound, len(given)))
    assert 0 <= len(given) - 9 * hop_s * rate_hz < rate_hz // 50 + 1
    assert {len(block.samples) for hop in hops for block in hop} == {rate_hz // 50}
