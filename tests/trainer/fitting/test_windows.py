"""The loss judges what it should, and a seed gives the same network again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edge.contract.labels import EMOTIONS
from trainer import recipe
from trainer.corpora.base import Utterance
from trainer.dataset import DataSet, Version, Voice
from trainer.labels import LABELS
from trainer.splits import Split

keras = pytest.importorskip("keras")


def one_hot(index: int) -> np.ndarray:
    return np.eye(len(LABELS), dtype=np.float32)[index]


def test_unjudged_labels_leave_the_softmax() -> None:
    from trainer.train import masked_cross_entropy

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
        said = Utterance(
            path=Path(f"{emotion}.wav"),
            corpus="ravdess",
            emotion=emotion,
            speaker="a",
            sex="F",
            intensity="",
            text="",
            take="",
        )
        voices.append(Voice(utterance=said, versions=(version,)))
    return DataSet(
        split=Split(train=(), validation=(), test=()),
        voices={"train": tuple(voices), "validation": tuple(voices[:2])},
        others={},
        left_out=(),
    )


def test_a_seed_gives_the_same_network_again(tmp_path: Path) -> None:
    from trainer.train import fit

    tiny = recipe.load(str(Path(__file__).with_name("tiny.toml")))
    training = dataclasses.replace(tiny.training, n_epochs=2, steps_per_epoch=3)

    def weights(seed: int) -> list[np.ndarray]:
        chosen = dataclasses.replace(tiny, training=training, seed=seed)
        return fit(chosen, a_little_data(), history=tmp_path / "history.csv").get_weights()

    first, again, other = weights(1), weights(1), weights(2)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert any(not np.array_equal(one, two) for one, two in zip(first, other, strict=True))
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 3
