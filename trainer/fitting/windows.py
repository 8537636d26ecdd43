"""Learning from windows: a masked loss, warm-up and decay, a running mean of the weights.

No epoch is picked, least of all on test speakers: the last one counts.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from trainer.corpora.targets import spoken
from trainer.examples.dataset import DataSet, Voice
from trainer.examples.sampler import WindowSampler, evaluation_windows
from trainer.fitting import engine
from trainer.fitting.engine import Course, Logs, Stops, Validation
from trainer.fitting.networks import build_for
from trainer.judging import metrics
from trainer.recipe.learning import WindowFit, WindowLearning
from trainer.recipe.schema import Recipe

_VALIDATE_EVERY = 10
_HOP_FRAMES = 32
_MASKED_LOGIT = 1e4
_WARMUP_START = 0.05
_FINAL_SHARE = 0.01


def fit(recipe: Recipe, learning: WindowLearning, data: DataSet, *, logs: Logs) -> keras.Model:
    """Train the network of a recipe.

    Parameters
    ----------
    recipe : Recipe
    learning : WindowLearning
        The recipe's.
    data : DataSet
    logs : Logs

    Returns
    -------
    keras.Model
        With the running mean of its weights.
    """
    engine.seed_everything(recipe.seed)
    model = build_for(recipe)
    model.compile(_optimizer(learning.fit), loss=masked_cross_entropy)
    sampler = WindowSampler(recipe, learning, data)
    course = Course(
        n_epochs=learning.fit.n_epochs, n_steps=learning.fit.steps_per_epoch, batches=sampler.epoch
    )
    voices = data.voices["validation"]
    judge = _validation(model, voices, recipe) if voices else None
    engine.run(
        model,
        course,
        validation=Validation(judge=judge, every=_VALIDATE_EVERY) if judge else None,
        stops=Stops(patience=0, plateau=False),
        logs=logs,
    )
    return model


def masked_cross_entropy(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy over the labels that are right or wrong for a window.

    See ``unjudged`` of `trainer.recipe.learning.WindowFit`.

    Parameters
    ----------
    targets : (batch, 2 * n_labels) tensor
        As `WindowSampler.batch` gives them.
    logits : (batch, n_labels) tensor
    """
    wanted, judged = tf.split(targets, 2, axis=-1)
    log_probabilities = tf.nn.log_softmax(logits - _MASKED_LOGIT * (1.0 - judged))
    return -tf.reduce_sum(wanted * log_probabilities, axis=-1)


def _optimizer(fit: WindowFit) -> keras.optimizers.Optimizer:
    n_steps = fit.n_epochs * fit.steps_per_epoch
    n_warmup = min(fit.warmup_epochs * fit.steps_per_epoch, n_steps - 1)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=fit.peak_learning_rate * _WARMUP_START,
        decay_steps=n_steps - n_warmup,
        alpha=_FINAL_SHARE,
        warmup_target=fit.peak_learning_rate,
        warmup_steps=n_warmup,
    )
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=fit.weight_decay,
        clipnorm=fit.clip_norm,
        use_ema=True,
        ema_momentum=fit.ema_momentum,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _validation(
    model: keras.Model, voices: tuple[Voice, ...], recipe: Recipe
) -> Callable[[], dict[str, float]]:
    cut = [
        evaluation_windows(voice.versions[0].power, recipe, hop_frames=_HOP_FRAMES)
        for voice in voices
    ]
    windows = np.concatenate(cut)
    owner = np.repeat(np.arange(len(cut)), [len(w) for w in cut])
    emotions = spoken(recipe.labels)
    truth = np.array([emotions.index(voice.utterance.emotion) for voice in voices])
    forward = engine.forward(model)

    def judge() -> dict[str, float]:
        logits = forward(windows)[:, : len(emotions)]
        scores = np.zeros((len(truth), len(emotions)))
        np.add.at(scores, owner, keras.ops.softmax(logits).numpy())
        uar = metrics.uar(truth, scores.argmax(axis=1), n_classes=len(emotions))
        return {"validation_uar": uar}

    return judge
