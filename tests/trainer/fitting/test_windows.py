"""The loss judges what it should, and a seed gives the same network again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edge.contract.labels import EMOTIONS, NON_VOICE
from tests.fakes.utterances import utterance
from trainer import recipe
from trainer.examples.dataset import DataSet, Version, Voice

keras = pytest.importorskip("keras")

LABELS = (*EMOTIONS, NON_VOICE)


def one_hot(index: int) -> np.ndarray:
    return np.eye(len(LABELS), dtype=np.float32)[index]


def test_unjudged_labels_leave_the_softmax() -> None:
    from trainer.fitting.windows import masked_cross_entropy

    logits = np.zeros((2, len(LABELS)), np.float32)
    logits[:, 3] = 50.0
    judged = np.ones((2, len(LABELS)), np.float32)
    judged[1, 3] = 0.0
    targets = np.concatenate([np.stack([one_hot(0), one_hot(0)]), judged], axis=1)
    found = np.asarray(masked_cross_entropy(targets, logits))
    assert found[0] == pytest.approx(50.0, rel=1e-4)
    assert found[1] == pytest.approx(np.log(len(LABELS) - 1), rel=1e-4)


def a_little_data() -> DataSet:
    rng = np.random.default_rng(0)
    voices = []
    for emotion in EMOTIONS:
        power = rng.gamma(2.0, 0.5, (120, 64)).astype(np.float32)
        version = Version(power=power, voice=(0, 120), level=64.0)
        said = utterance(f"{emotion}.wav", emotion=emotion)
        voices.append(Voice(utterance=said, versions=(version,)))
    return DataSet(
        voices={"train": tuple(voices), "validation": tuple(voices[:2])},
        others={},
        emotions={"ravdess": EMOTIONS},
        left_out=(),
    )


def test_a_seed_gives_the_same_network_again(tmp_path: Path) -> None:
    from trainer.fitting.engine import Logs
    from trainer.fitting.windows import fit

    tiny = recipe.load(str(Path(__file__).parents[1] / "tiny.toml"))
    short = dataclasses.replace(tiny.learning.fit, n_epochs=2, steps_per_epoch=3)
    learning = dataclasses.replace(tiny.learning, fit=short)

    def weights(name: str, seed: int) -> list[np.ndarray]:
        chosen = dataclasses.replace(tiny, seed=seed)
        logs = Logs(
            history=tmp_path / f"{name}.csv",
            tensorboard=tmp_path / name,
            checkpoint=tmp_path / f"{name}.npz",
        )
        return fit(chosen, learning, a_little_data(), logs=logs).get_weights()

    first, again, other = weights("first", 1), weights("again", 1), weights("other", 2)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert any(not np.array_equal(one, two) for one, two in zip(first, other, strict=True))
    assert len((tmp_path / "first.csv").read_text().splitlines()) == 3
