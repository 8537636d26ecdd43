"""Learning from whole clips, as the classic systems do: cross-entropy over their features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from edge.contract.manifest import Standardiser
from trainer.examples import clip_augment
from trainer.examples.clips import ClipSet, Examples, standardised, standardiser
from trainer.fitting import engine
from trainer.fitting.distribution import Batch
from trainer.fitting.engine import Course, Logs, Stops, Validation
from trainer.fitting.networks import build_for, input_shape
from trainer.judging import metrics
from trainer.recipe.learning import ClipFit, ClipLearning
from trainer.recipe.schema import Recipe

FloatArray = NDArray[np.float32]

_FINAL_SHARE = 0.01
_TINY = 1e-12


@dataclass(frozen=True, kw_only=True, slots=True)
class FittedClips:
    """A trained network and what its inputs go through first."""

    model: keras.Model
    standardise: Standardiser | None


def fit(recipe: Recipe, learning: ClipLearning, clips: ClipSet, *, logs: Logs) -> FittedClips:
    """Train the network of a recipe.

    Parameters
    ----------
    recipe : Recipe
    learning : ClipLearning
        The recipe's.
    clips : ClipSet
    logs : Logs

    Returns
    -------
    FittedClips
        With the weights of the last epoch, or of the best one on the validation speakers where the
        recipe has patience.
    """
    engine.seed_everything(recipe.seed)
    fitted = standardiser(clips.train.inputs) if learning.standardise else None
    model = build_for(recipe)
    n_steps = -(-len(clips.train.truth) // learning.fit.batch_size)
    model.compile(
        _optimizer(learning.fit, n_steps=n_steps),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=learning.fit.label_smoothing
        ),
    )
    lessons = _Lessons(recipe, learning, ready(clips.train, recipe, fitted))
    course = Course(n_epochs=learning.fit.n_epochs, n_steps=n_steps, batches=lessons.epoch)
    has_validation = len(clips.validation.truth) > 0
    judge = _Judge(model, ready(clips.validation, recipe, fitted), n_classes=len(recipe.labels))
    engine.run(
        model,
        course,
        validation=Validation(judge=judge, every=1) if has_validation else None,
        stops=Stops(
            patience=learning.fit.patience if has_validation else 0,
            plateau=learning.fit.schedule == "plateau",
        ),
        logs=logs,
    )
    return FittedClips(model=model, standardise=fitted)


def ready(examples: Examples, recipe: Recipe, fitted: Standardiser | None) -> Examples:
    """Return examples as the network takes them: standardised, an image with its channel."""
    inputs = standardised(examples.inputs, fitted)
    shape = (len(inputs), *input_shape(recipe.features))
    return Examples(inputs=inputs.reshape(shape), truth=examples.truth, weights=examples.weights)


class _Lessons:
    """The batches of every epoch."""

    def __init__(self, recipe: Recipe, learning: ClipLearning, examples: Examples) -> None:
        self._seed = recipe.seed
        self._n_classes = len(recipe.labels)
        self._learning = learning
        self._examples = examples
        counts = np.bincount(examples.truth, minlength=self._n_classes)
        self._share = 1.0 / np.maximum(counts, 1)[examples.truth]
        self._weights = examples.weights
        if learning.balance == "class_weights":
            n_present = np.count_nonzero(counts)
            balance = len(examples.truth) / n_present * self._share
            self._weights = (examples.weights * balance).astype(np.float32)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield each example once in a new order, or as many drawn evenly over the classes."""
        rng = np.random.default_rng((self._seed, number))
        size = self._learning.fit.batch_size
        order = self._order(rng)
        for start in range(0, len(order), size):
            yield self._batch(order[start : start + size], rng)

    def _order(self, rng: np.random.Generator) -> NDArray[np.int64]:
        n_examples = len(self._examples.truth)
        if self._learning.balance == "sampling":
            return rng.choice(n_examples, size=n_examples, p=self._share / self._share.sum())
        return rng.permutation(n_examples)

    def _batch(self, chosen: NDArray[np.int64], rng: np.random.Generator) -> Batch:
        inputs = self._examples.inputs[chosen]
        targets = np.eye(self._n_classes, dtype=np.float32)[self._examples.truth[chosen]]
        if self._learning.masks is not None:
            inputs = clip_augment.mask(inputs, self._learning.masks, rng)
        if self._learning.mixup_alpha > 0:
            alpha = self._learning.mixup_alpha
            inputs, targets = clip_augment.mixup(inputs, targets, alpha=alpha, rng=rng)
        return inputs, targets, self._weights[chosen]


class _Judge:
    """Loss and UAR on the validation part."""

    def __init__(self, model: keras.Model, examples: Examples, *, n_classes: int) -> None:
        self._forward = engine.forward(model)
        self._examples = examples
        self._n_classes = n_classes

    def __call__(self) -> dict[str, float]:
        truth = self._examples.truth
        logits = self._forward(self._examples.inputs)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        right = (powers / powers.sum(axis=1, keepdims=True))[np.arange(len(truth)), truth]
        return {
            "validation_loss": float(-np.log(np.maximum(right, _TINY)).mean()),
            "validation_uar": metrics.uar(truth, logits.argmax(axis=1), n_classes=self._n_classes),
        }


def _optimizer(fit: ClipFit, *, n_steps: int) -> keras.optimizers.Optimizer:
    rate: float | keras.optimizers.schedules.LearningRateSchedule = fit.learning_rate
    if fit.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            fit.learning_rate, decay_steps=fit.n_epochs * n_steps, alpha=_FINAL_SHARE
        )
    match fit.optimizer:
        case "adamw":
            return keras.optimizers.AdamW(rate, weight_decay=fit.weight_decay)
        case "sgd":
            return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
        case "rmsprop":
            return keras.optimizers.RMSprop(rate)
        case "adam":
            return keras.optimizers.Adam(rate)
