"""The loop that every training shares: epochs, logs, checkpoints, early stops, one seed.

An epoch's batches depend on the recipe's seed and the epoch's number alone: two runs of one seed
are equal, and an interrupted run goes on as if nothing had been.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from trainer import stored
from trainer.fitting import checkpoint, distribution
from trainer.fitting.checkpoint import Progress
from trainer.fitting.distribution import Batch
from trainer.run import HISTORY

FloatArray = NDArray[np.float32]

_FORWARD_AT_ONCE = 128
_CHECKPOINT_EVERY_S = 20.0
_PLATEAU_EPOCHS = 2
_PLATEAU_FACTOR = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """What is learnt from, epoch by epoch."""

    n_epochs: int
    n_steps: int
    """Batches an epoch."""
    batches: Callable[[int], Iterator[Batch]]
    """The batches of an epoch, counted from 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Validation:
    """How the validation speakers are doing."""

    judge: Callable[[], dict[str, float]]
    """Figures of the network as it is; ``validation_loss`` is what an early stop looks at."""
    every: int
    """Epochs from one look to the next."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stops:
    """What happens when nothing gets better."""

    patience: int
    """Epochs without a lower validation loss before training ends with the best epoch's weights;
    0 is never."""
    plateau: bool
    """Whether the learning rate falls when the training loss does not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Logs:
    """Where a training leaves its traces."""

    history: Path
    """CSV file, a line an epoch."""
    tensorboard: Path
    """Folder for TensorBoard."""
    checkpoint: Path


def seed_everything(seed: int) -> None:
    """Make TensorFlow, Keras, NumPy and Python draw the same numbers in every run."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def run(
    model: keras.Model, course: Course, *, validation: Validation | None, stops: Stops, logs: Logs
) -> None:
    """Train a compiled network until its epochs are over or nothing gets better.

    Within the scope of a strategy of `tf.distribute`, all its replicas train.

    Parameters
    ----------
    model : keras.Model
        With a Keras optimizer.
    course : Course
    validation : Validation or None
    stops : Stops
    logs : Logs
        A checkpoint that is there is continued from.
    """
    model.optimizer.build(model.trainable_variables)
    distribution.synchronise(model)
    progress = checkpoint.restore(logs.checkpoint, model)
    lesson = _Lesson(model, course, n_done=progress.n_done)
    with closing(_Loop(model, progress, course, validation, stops, logs)) as loop:
        while progress.n_done < course.n_epochs and not loop.is_over():
            loop.end_epoch(lesson.epoch())
    model.optimizer.finalize_variable_values(model.trainable_weights)
    if stops.patience and progress.best_weights:
        model.set_weights(progress.best_weights)


def forward(model: keras.Model) -> Callable[[FloatArray], FloatArray]:
    """Return a network as a function of any number of inputs, with the weights of that moment.

    Keras' ``predict_on_batch`` would give every answer as often as there are replicas.
    """
    some = tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)

    def outputs(inputs: FloatArray) -> FloatArray:
        pieces = range(0, len(inputs), _FORWARD_AT_ONCE)
        return np.concatenate([some(inputs[i : i + _FORWARD_AT_ONCE]) for i in pieces])

    return outputs


class _Lesson:
    """One epoch after the other."""

    def __init__(self, model: keras.Model, course: Course, *, n_done: int) -> None:
        self._model = model
        self._n_steps = course.n_steps
        dataset = _dataset(course, first_epoch=n_done + 1)
        self._batches = iter(dataset)
        self._train = tf.function(self._on_all_replicas, input_signature=dataset.element_spec)

    def epoch(self) -> float:
        """Learn from the batches of an epoch; return the mean loss of its examples."""
        steps = [(self._train(*b), len(b[-1])) for b in islice(self._batches, self._n_steps)]
        losses, n_examples = zip(*steps, strict=True)
        return float(np.average(losses, weights=n_examples))

    def _on_all_replicas(self, *batch: tf.Tensor) -> tf.Tensor:
        strategy = tf.distribute.get_strategy()
        losses = strategy.run(self._on_one_replica, args=batch)
        return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)

    def _on_one_replica(self, *batch: tf.Tensor) -> tf.Tensor:
        model, optimizer = self._model, self._model.optimizer
        inputs, targets, weights = distribution.own_share(batch)
        with tf.GradientTape() as tape:
            outputs = model(inputs, training=True)
            # Keras divides it by the number of replicas: their sum is the loss of the whole batch.
            loss = model.compute_loss(inputs, targets, outputs, weights, training=True)
        variables = model.trainable_variables
        gradients = tape.gradient(loss, variables)
        optimizer.apply(distribution.clipped(gradients, optimizer), variables)
        return loss


class _Loop:
    """What happens at the end of each epoch."""

    def __init__(
        self,
        model: keras.Model,
        progress: Progress,
        course: Course,
        validation: Validation | None,
        stops: Stops,
        logs: Logs,
    ) -> None:
        self._model = model
        self._progress = progress
        self._n_epochs = course.n_epochs
        self._validation = validation
        self._stops = stops
        self._logs = logs
        self._history = _History(logs.history, n_done=progress.n_done)
        self._board = tf.summary.create_file_writer(str(logs.tensorboard))
        self._began_s = time.monotonic() - progress.seconds
        self._saved_s = time.monotonic()
        self._bar = tqdm(
            total=course.n_epochs,
            initial=progress.n_done,
            desc="training",
            unit="epoch",
            disable=None,
        )

    def is_over(self) -> bool:
        """Return whether nothing has got better for too long."""
        patience, progress = self._stops.patience, self._progress
        return bool(patience) and progress.n_done - progress.best_epoch >= patience

    def end_epoch(self, loss: float) -> None:
        """Judge, log, remember."""
        self._progress.n_done += 1
        figures = self._judge()
        self._progress.seconds = time.monotonic() - self._began_s
        self._follow_plateau(loss)
        self._remember_best(figures.get("validation_loss"))
        self._log({"loss": loss, **figures})
        self._bar.update()
        if self.is_over() or time.monotonic() - self._saved_s > _CHECKPOINT_EVERY_S:
            checkpoint.save(self._logs.checkpoint, self._model, self._progress)
            self._saved_s = time.monotonic()

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._bar.close()
        self._board.close()

    def _judge(self) -> dict[str, float]:
        if self._validation is None:
            return {}
        epoch = self._progress.n_done
        if epoch % self._validation.every and epoch != self._n_epochs:
            return {}
        # All workers must stop in the same epoch: where rounding differs, the chief's word counts.
        own = json.dumps(self._validation.judge()).encode()
        figures: dict[str, float] = json.loads(distribution.from_chief(own))
        return figures

    def _follow_plateau(self, loss: float) -> None:
        progress = self._progress
        fell = loss < progress.lowest_loss
        progress.n_stale = 0 if fell else progress.n_stale + 1
        progress.lowest_loss = min(loss, progress.lowest_loss)
        if self._stops.plateau and progress.n_stale >= _PLATEAU_EPOCHS:
            progress.n_stale = 0
            optimizer = self._model.optimizer
            optimizer.learning_rate = float(optimizer.learning_rate) * _PLATEAU_FACTOR

    def _remember_best(self, validation_loss: float | None) -> None:
        progress = self._progress
        if validation_loss is None or validation_loss >= progress.best_loss:
            return
        progress.best_loss, progress.best_epoch = validation_loss, progress.n_done
        if self._stops.patience:
            progress.best_weights = [np.array(w) for w in self._model.get_weights()]

    def _log(self, figures: dict[str, float]) -> None:
        epoch = self._progress.n_done
        self._history.add({"epoch": epoch, **figures, "seconds": round(self._progress.seconds)})
        with self._board.as_default():
            for name, value in figures.items():
                tf.summary.scalar(name, value, step=epoch)


class _History:
    """A CSV file with a line an epoch; a continued run drops the lines that it repeats."""

    def __init__(self, path: Path, *, n_done: int) -> None:
        self._path = path
        kept = _rows(path)[:n_done] if path.exists() and n_done else []
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, HISTORY)
            writer.writeheader()
            writer.writerows(kept)

    def add(self, row: dict[str, float]) -> None:
        rounded = {k: round(v, 5) for k, v in row.items()}
        with self._path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, HISTORY).writerow(rounded)


def _rows(path: Path) -> list[dict[str, str]]:
    remedy = "delete it, and the training goes on with a new one"
    return stored.read_rows(path, HISTORY, lambda row: stored.only(row, HISTORY), remedy=remedy)


def _dataset(course: Course, *, first_epoch: int) -> tf.data.Dataset:
    n_replicas = tf.distribute.get_strategy().num_replicas_in_sync

    def batches() -> Iterator[Batch]:
        for epoch in range(first_epoch, course.n_epochs + 1):
            for batch in course.batches(epoch):
                yield distribution.shared_out(batch, n_replicas=n_replicas)

    example = next(course.batches(first_epoch))
    distribution.refuse_disagreement(about=_fingerprint(course, example))
    signature = tuple(tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in example)
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    options = tf.data.Options()
    options.deterministic = True
    return dataset.with_options(options).prefetch(4)


def _fingerprint(course: Course, example: Batch) -> bytes:
    # The inputs are left out: another processor may round them in another way.
    inputs, targets, weights = example
    facts = (course.n_epochs, course.n_steps, inputs.shape)
    return repr(facts).encode() + targets.tobytes() + weights.tobytes()
