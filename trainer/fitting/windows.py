"""Training: fit the recipe's network with fixed seeds; no epoch is picked, least of all on test."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from edge.contract.labels import EMOTIONS
from trainer import metrics
from trainer.dataset import DataSet, Voice, emotion_index
from trainer.labels import LABELS
from trainer.models import build
from trainer.recipe import Recipe
from trainer.sampler import WindowSampler, evaluation_windows

_VALIDATE_EVERY = 10
_HOP_FRAMES = 32
_MASKED_LOGIT = 1e4
_WARMUP_START = 0.05
_FINAL_SHARE = 0.01
_COLUMNS = ("epoch", "loss", "validation_uar", "seconds")


@dataclass(frozen=True, kw_only=True, slots=True)
class Validation:
    """Windows of the validation speakers, for the history only."""

    windows: np.ndarray
    """Shape (n_windows, n_frames, n_bands, 1)."""
    owner: np.ndarray
    """Clip of each window."""
    truth: np.ndarray
    """Emotion of each clip."""


def fit(recipe: Recipe, data: DataSet, *, history: Path) -> keras.Model:
    """Train the network of a recipe.

    Parameters
    ----------
    recipe : Recipe
    data : DataSet
    history : Path
        CSV file that gets a line an epoch.

    Returns
    -------
    keras.Model
        With the running mean of its weights.
    """
    keras.utils.set_random_seed(recipe.seed)
    tf.config.experimental.enable_op_determinism()
    model = build_for(recipe)
    optimizer = _optimizer(recipe)
    model.compile(optimizer, loss=masked_cross_entropy)
    validation = _validation(data.voices["validation"], recipe)
    with history.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for row in _epochs(model, recipe, WindowSampler(recipe, data), validation):
            writer.writerow(row)
            file.flush()
    optimizer.finalize_variable_values(model.trainable_variables)
    return model


def build_for(recipe: Recipe) -> keras.Model:
    """Build the recipe's network, untrained."""
    return build(
        recipe.model.name,
        input_shape=(*recipe.features.shape, 1),
        n_classes=len(LABELS),
        **recipe.model.parameters,
    )


def masked_cross_entropy(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy over the labels that are right or wrong for a window.

    See ``unjudged`` of `trainer.recipe.Training`.

    Parameters
    ----------
    targets : (batch, 2 * n_labels) tensor
        As `WindowSampler.batch` gives them.
    logits : (batch, n_labels) tensor
    """
    wanted, judged = tf.split(targets, 2, axis=-1)
    log_probabilities = tf.nn.log_softmax(logits - _MASKED_LOGIT * (1.0 - judged))
    return -tf.reduce_sum(wanted * log_probabilities, axis=-1)


def _epochs(
    model: keras.Model, recipe: Recipe, sampler: WindowSampler, validation: Validation | None
) -> Iterator[tuple[int, float, float | str, int]]:
    n_epochs, n_steps = recipe.training.n_epochs, recipe.training.steps_per_epoch
    batches = sampler.batches(n_batches=n_epochs * n_steps, seed=recipe.seed)
    began = time.monotonic()
    for epoch in tqdm(range(1, n_epochs + 1), desc="training", unit="epoch", disable=None):
        losses = [_step(model, *next(batches)) for _ in range(n_steps)]
        figure: float | str = ""
        if validation is not None and (epoch % _VALIDATE_EVERY == 0 or epoch == n_epochs):
            figure = round(_validation_uar(model, validation), 4)
        yield epoch, round(float(np.mean(losses)), 4), figure, round(time.monotonic() - began)


def _step(model: keras.Model, windows: np.ndarray, targets: np.ndarray) -> float:
    loss = float(model.train_on_batch(windows, targets))
    # Keras returns the mean since the last reset, not the loss of this batch.
    model.reset_metrics()
    return loss


def _optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    training = recipe.training
    n_steps = training.n_epochs * training.steps_per_epoch
    n_warmup = min(training.warmup_epochs * training.steps_per_epoch, n_steps - 1)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=training.peak_learning_rate * _WARMUP_START,
        decay_steps=n_steps - n_warmup,
        alpha=_FINAL_SHARE,
        warmup_target=training.peak_learning_rate,
        warmup_steps=n_warmup,
    )
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=training.weight_decay,
        clipnorm=training.clip_norm,
        use_ema=True,
        ema_momentum=training.ema_momentum,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _validation(voices: tuple[Voice, ...], recipe: Recipe) -> Validation | None:
    if not voices:
        return None
    windows = [
        evaluation_windows(voice.versions[0].power, recipe, hop_frames=_HOP_FRAMES)
        for voice in voices
    ]
    return Validation(
        windows=np.concatenate(windows),
        owner=np.repeat(np.arange(len(windows)), [len(w) for w in windows]),
        truth=np.array([emotion_index(voice.utterance) for voice in voices]),
    )


def _validation_uar(model: keras.Model, validation: Validation) -> float:
    logits = model.predict(validation.windows, batch_size=256, verbose=0)[:, : len(EMOTIONS)]
    scores = np.zeros((len(validation.truth), len(EMOTIONS)))
    np.add.at(scores, validation.owner, keras.ops.softmax(logits).numpy())
    return metrics.uar(validation.truth, scores.argmax(axis=1), n_classes=len(EMOTIONS))
