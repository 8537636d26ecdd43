"""Importance: a model that looks at one thing must be found to look at that one thing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.contract.blocks import MelBank
from edge.contract.bundle import ModelBundle
from edge.contract.spec import FeatureSpec
from edge.dsp.mel import mel_edges_hz
from edge.errors import UsageError
from tests.fakes import specs
from tests.fakes.utterances import utterance
from trainer.corpora.base import Utterance
from trainer.judging.featuregroups import FeatureGroup
from trainer.judging.importance import Examples, bands, importance, permutation

N_CLIPS, N_ROWS = 12, 3
GROUPS = [
    FeatureGroup(name="read", columns=(1, 2)),
    FeatureGroup(name="ignored", columns=(0, 3)),
]


def examples(seed: int = 0) -> Examples:
    """Two classes, told apart by the sign of the columns that are read."""
    rng = np.random.default_rng(seed)
    truth = np.arange(N_CLIPS) % 2
    features = rng.normal(size=(N_CLIPS, N_ROWS, 4)).astype(np.float32)
    features[:, :, 1:3] = np.where(truth, 1.0, -1.0)[:, np.newaxis, np.newaxis]
    return Examples(features=features, truth=truth, n_classes=2)


def by_sign(features: np.ndarray) -> np.ndarray:
    return (features[:, :, 1:3].mean(axis=(1, 2)) > 1e-6).astype(int)


def test_permutation_finds_what_is_read() -> None:
    read, ignored = permutation(by_sign, examples(), GROUPS, n_repeats=8, seed=1)
    assert (read["name"], ignored["name"]) == ("read", "ignored")
    # Dealt at random, two even classes come out half right.
    assert read["drop"] == pytest.approx(0.5, abs=0.2)
    assert read["deviation"] > 0
    assert (ignored["drop"], ignored["deviation"]) == (0.0, 0.0)


def test_bands_finds_what_is_read() -> None:
    read, ignored = bands(by_sign, examples(), GROUPS, seed=1)
    # The mean of both classes is 0, which the model takes for the first: half are right.
    assert read["drop"] == pytest.approx(0.5)
    assert read["deviation"] < 0.3
    assert (ignored["drop"], ignored["deviation"]) == (0.0, 0.0)


def test_all_numbers_of_a_group_are_dealt_together() -> None:
    seen: list[np.ndarray] = []

    def answer(features: np.ndarray) -> np.ndarray:
        seen.append(features)
        return by_sign(features)

    given_ = examples()
    permutation(answer, given_, GROUPS[1:], n_repeats=2, seed=3)
    clips = {clip.tobytes() for clip in given_.features[..., [0, 3]]}
    for dealt in seen:
        assert {clip.tobytes() for clip in dealt[..., [0, 3]]} == clips
        assert np.array_equal(dealt[..., 1:3], given_.features[..., 1:3])


@pytest.mark.parametrize("measure", ["permutation", "bands"])
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_importance_of_any_model_is_reproducible(measure: str, seed: int) -> None:
    weights = np.random.default_rng(seed).normal(size=(4, 2))

    def answer(features: np.ndarray) -> np.ndarray:
        return (features.mean(axis=1) @ weights).argmax(axis=1)

    def run() -> list[dict[str, Any]]:
        if measure == "bands":
            return bands(answer, examples(seed), GROUPS, seed=seed)
        return permutation(answer, examples(seed), GROUPS, n_repeats=2, seed=seed)

    found = run()
    assert found == run()
    assert all(-1.0 <= row["drop"] <= 1.0 for row in found)
    json.dumps(found, allow_nan=False)


# From here on: real networks, told by hand what to look at, and sound on disk.

LOW_HZ, HIGH_HZ = 300.0, 3000.0
TINY_MEL = {"n_mels": 12, "fmin_hz": 0.0, "fmax_hz": 8000.0, "scale": "slaney", "norm": "slaney"}
LOGMEL = specs.logmel_table(mel=TINY_MEL)
LAYOUTS = {
    "image": {"kind": "image", "n_frames": 8},
    "vector": {"kind": "pooled", "statistics": ["mean", "std"], "window_s": 0.25},
}


@pytest.fixture
def tones(tmp_path: Path) -> list[Utterance]:
    """Calm voices are low tones, happy ones high; an equally faint noise is in both."""
    rng = np.random.default_rng(5)
    made = []
    for number in range(12):
        emotion, hz = (("calm", LOW_HZ), ("happy", HIGH_HZ))[number % 2]
        t = np.arange(4000) / 16000
        tone = 0.3 * np.sin(2 * np.pi * hz * t) + 0.001 * rng.standard_normal(len(t))
        # In a long recording the voice is not at the beginning.
        samples = np.concatenate([np.zeros(3000 * (number % 3)), tone])
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, samples, 16000)
        made.append(utterance(path, emotion=emotion))
    return made


def looking_at(spec: FeatureSpec, columns: list[int]) -> ModelBundle:
    """Return a model that says happy where the mean of these columns is above -40 dB."""
    import keras

    from trainer.modelfile.quantize import describe, to_float32

    shape = (*spec.shape, 1) if len(spec.shape) == 2 else spec.shape
    weights = np.zeros((spec.shape[0] if len(shape) == 3 else 1, spec.n_features, 2), np.float32)
    weights[:, columns, 1] = 1.0 / (weights.shape[0] * len(columns))
    if len(shape) == 1:
        weights = np.concatenate([weights, np.zeros_like(weights)])
    dense = keras.layers.Dense(2)
    network = keras.Sequential([keras.Input(shape), keras.layers.Flatten(), dense])
    dense.set_weights([weights.reshape(-1, 2), np.array([-40.0, 0.0], np.float32)])
    flatbuffer = to_float32(network)
    told = describe(flatbuffer)
    digest = hashlib.sha256(flatbuffer).hexdigest()
    manifest = specs.manifest(
        flatbuffer,
        features=spec,
        fingerprint=spec.fingerprint(),
        labels=("calm", "happy"),
        input_tensor=told.input_tensor,
        output_tensor=told.output_tensor,
    )
    return ModelBundle(
        manifest=manifest, flatbuffer=flatbuffer, golden=(), model_card="", sha256=digest
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_model_that_reads_one_band_shows_that_band(layout: str, tones: list[Utterance]) -> None:
    spec = specs.spec(blocks=[LOGMEL, specs.BLOCKS["chroma"]], layout=LAYOUTS[layout])
    centres_hz = mel_edges_hz(MelBank(**TINY_MEL))[1:-1]
    columns = np.flatnonzero((centres_hz >= 2000) & (centres_hz < 4000)).tolist()
    found = importance(looking_at(spec, columns), tones, seed=1)
    drops = {row["name"]: row["drop"] for row in found}
    read = {"log-mel", "log-mel 2000-4000 Hz"}
    assert all((drop > 0.2) if name in read else (drop == 0.0) for name, drop in drops.items())
    assert {"log-mel 500-1000 Hz", "chroma"} <= drops.keys()
    json.dumps(found, allow_nan=False)


def test_nothing_to_measure_on_is_refused(tones: list[Utterance]) -> None:
    spec = specs.spec(blocks=[LOGMEL], layout=LAYOUTS["image"])
    with pytest.raises(UsageError, match="no clips to measure on"):
        importance(looking_at(spec, [0]), [], seed=1)
