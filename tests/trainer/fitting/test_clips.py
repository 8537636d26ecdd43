"""Whole clips: balanced as told, standardised by the training part alone, equal for one seed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from trainer import recipe as recipes  # noqa: E402 - needs keras
from trainer.examples.clips import ClipSet, Examples  # noqa: E402
from trainer.fitting.clips import FittedClips, _Lessons, fit  # noqa: E402
from trainer.fitting.engine import Logs  # noqa: E402
from trainer.recipe.learning import ClipLearning, Masks  # noqa: E402
from trainer.recipe.schema import ModelChoice, Recipe  # noqa: E402

SMALL = ModelChoice(name="mlp", parameters={"hidden": [8], "dropout": [0.0]})


def small_recipe(**learning: Any) -> tuple[Recipe, ClipLearning]:
    found = recipes.load("mlp-180")
    shorter = dataclasses.replace(found.learning.fit, n_epochs=3, batch_size=8)
    changed = dataclasses.replace(found.learning, fit=shorter, **learning)
    return dataclasses.replace(found, model=SMALL, learning=changed), changed


def examples(n_clips: int, *, seed: int = 0, offset: float = 5.0) -> Examples:
    """Return more calm clips than others; calm has large numbers."""
    rng = np.random.default_rng(seed)
    truth = np.array([0 if i % 4 else 1 + i // 4 % 7 for i in range(n_clips)])
    inputs = rng.standard_normal((n_clips, 180)) * 3 + offset + 4.0 * (truth == 0)[:, np.newaxis]
    return Examples(
        inputs=inputs.astype(np.float32), truth=truth, weights=np.ones(n_clips, np.float32)
    )


def trained(folder: Path, clips: ClipSet, **learning: Any) -> FittedClips:
    folder.mkdir()
    logs = Logs(
        history=folder / "history.csv",
        tensorboard=folder / "tensorboard",
        checkpoint=folder / "checkpoint.npz",
    )
    recipe, changed = small_recipe(**learning)
    return fit(recipe, changed, clips, logs=logs)


def clip_set() -> ClipSet:
    return ClipSet(train=examples(64), validation=examples(16, seed=1), left_out=())


def test_a_seed_gives_the_same_network_again(tmp_path: Path) -> None:
    first, again = (trained(tmp_path / name, clip_set()) for name in "ab")
    for one, two in zip(first.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_standardiser_knows_the_training_part_alone(tmp_path: Path) -> None:
    clips = clip_set()
    far = dataclasses.replace(clips, validation=examples(16, seed=1, offset=900.0))
    fitted = trained(tmp_path / "run", far).standardise
    assert fitted is not None
    np.testing.assert_allclose(fitted.mean, clips.train.inputs.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(fitted.scale, clips.train.inputs.std(axis=0), rtol=1e-5)


def test_without_validation_all_epochs_are_trained(tmp_path: Path) -> None:
    clips = dataclasses.replace(clip_set(), validation=examples(0))
    trained(tmp_path / "run", clips)
    assert len((tmp_path / "run" / "history.csv").read_text().splitlines()) == 4


@pytest.mark.parametrize("balance", ["none", "class_weights", "sampling"])
def test_balance(balance: str) -> None:
    recipe, learning = small_recipe(balance=balance)
    lessons = _Lessons(recipe, learning, examples(256))
    seen, weight = np.zeros(8), np.zeros(8)
    for epoch in range(1, 21):
        for _, targets, weights in lessons.epoch(epoch):
            seen += targets.sum(axis=0)
            weight += (targets * weights[:, np.newaxis]).sum(axis=0)
    share, weight_share = seen / seen.sum(), weight / weight.sum()
    uneven = pytest.approx(0.75)
    even = pytest.approx(1 / 8, abs=0.02)
    assert share[0] == (even if balance == "sampling" else uneven)
    assert weight_share[0] == (uneven if balance == "none" else even)


def test_every_clip_is_seen_once_an_epoch_in_another_order() -> None:
    recipe, learning = small_recipe()
    lessons = _Lessons(recipe, learning, examples(21))
    first, second = (
        np.concatenate([inputs for inputs, _, _ in lessons.epoch(number)]) for number in (1, 2)
    )
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.sort(first, axis=0), np.sort(second, axis=0))


def test_mixup_blends_inputs_and_targets_alike() -> None:
    recipe, learning = small_recipe(mixup_alpha=0.4)
    _, targets, _ = next(_Lessons(recipe, learning, examples(64)).epoch(1))
    np.testing.assert_allclose(targets.sum(axis=1), 1.0, rtol=1e-6)
    assert ((targets > 0.01) & (targets < 0.99)).any()


def test_masks_cover_stripes_of_an_image_with_its_mean() -> None:
    recipe, learning = small_recipe(
        masks=Masks(n_time_masks=1, longest_time_mask=4, n_band_masks=1, widest_band_mask=3)
    )
    rng = np.random.default_rng(0)
    images = rng.standard_normal((8, 20, 10, 1)).astype(np.float32)
    plain = Examples(inputs=images, truth=np.zeros(8, np.int64), weights=np.ones(8, np.float32))
    masked, _, _ = next(_Lessons(recipe, learning, plain).epoch(1))
    assert masked.shape == images.shape
    changed = ~np.isin(masked, images)
    assert changed.any()
    assert changed.mean() < 0.5
