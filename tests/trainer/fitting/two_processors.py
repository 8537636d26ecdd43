"""Trains on one and on two processors, in a process of its own: tells how far they are apart.

TensorFlow fixes the number of processors when it starts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from trainer.fitting import distribution, engine
from trainer.fitting.distribution import Batch, Distribution, on_one
from trainer.fitting.engine import Course, Logs, Stops

N_EPOCHS = 5
N_STEPS = 3
INPUTS = np.random.default_rng(3).standard_normal((7, 4)).astype(np.float32)


def batches(epoch: int) -> Iterator[Batch]:
    """Yield batches of seven, which two do not divide evenly, of which one example weighs most."""
    rng = np.random.default_rng((5, epoch))
    for _ in range(N_STEPS):
        inputs = rng.standard_normal((7, 4)).astype(np.float32)
        targets = np.eye(2, dtype=np.float32)[(inputs[:, 0] > 0).astype(int)]
        yield inputs, targets, np.array([9, 1, 1, 1, 1, 1, 1], np.float32)


def interrupted(epoch: int) -> Iterator[Batch]:
    """Yield the same until the power goes."""
    if epoch == N_EPOCHS:
        raise RuntimeError
    return batches(epoch)


def new_model() -> keras.Model:
    """Return a network with a penalty, clipped gradients and a running mean of its weights."""
    engine.seed_everything(5)
    penalty = keras.regularizers.L2(0.01)
    hidden = keras.layers.Dense(6, activation="relu", kernel_regularizer=penalty)
    model = keras.Sequential([keras.Input((4,)), hidden, keras.layers.Dense(2)])
    optimizer = keras.optimizers.SGD(
        0.3, momentum=0.9, clipnorm=0.05, use_ema=True, ema_momentum=0.9
    )
    model.compile(optimizer, loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    return model


def trained(who: Distribution, folder: Path, *, cut: bool = False) -> list[np.ndarray]:
    """Train, perhaps with an interruption, and return weights and answers."""
    folder.mkdir()
    logs = Logs(history=folder / "h.csv", tensorboard=folder / "t", checkpoint=folder / "c.npz")
    never = Stops(patience=0, plateau=False)
    with who.scope():
        if cut:
            course = Course(n_epochs=N_EPOCHS, n_steps=N_STEPS, batches=interrupted)
            with suppress(tf.errors.OpError):
                engine.run(new_model(), course, validation=None, stops=never, logs=logs)
            assert logs.checkpoint.exists()
        course = Course(n_epochs=N_EPOCHS, n_steps=N_STEPS, batches=batches)
        model = new_model()
        engine.run(model, course, validation=None, stops=never, logs=logs)
        answers = engine.forward(model)(INPUTS)
    return [*on_one(model).get_weights(), answers]


def apart(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    """Return the largest difference."""
    return max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    base = Path(sys.argv[1])
    engine._CHECKPOINT_EVERY_S = 0.0
    (processor,) = tf.config.list_physical_devices("CPU")
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(processor, halves)
    two = distribution.start("mirrored")
    one = trained(distribution.ALONE, base / "one")
    found = trained(two, base / "two")
    again = trained(two, base / "again")
    resumed = trained(two, base / "resumed", cut=True)
    told = {
        "n_replicas": two.strategy.num_replicas_in_sync,
        "n_answers": len(found[-1]),
        "to_one": apart(found, one),
        "to_itself": apart(found, again),
        "to_resumed": apart(found, resumed),
    }
    sys.stdout.write(json.dumps(told))
