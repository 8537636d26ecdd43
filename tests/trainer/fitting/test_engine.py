"""The loop: equal for one seed, unharmed by an interruption, stopped by whom it was told to."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from trainer.fitting import checkpoint, engine  # noqa: E402 - needs keras
from trainer.fitting.distribution import Batch  # noqa: E402
from trainer.fitting.engine import Course, Logs, Stops, Validation  # noqa: E402

N_STEPS = 3
NEVER = Stops(patience=0, plateau=False)


class Interrupted(Exception):  # noqa: N818 - it is no error
    """Stands for a power cut."""


def batches(epoch: int) -> Iterator[Batch]:
    rng = np.random.default_rng((5, epoch))
    for _ in range(N_STEPS):
        inputs = rng.standard_normal((8, 4)).astype(np.float32)
        targets = np.eye(2, dtype=np.float32)[(inputs[:, 0] > 0).astype(int)]
        yield inputs, targets, np.ones(8, np.float32)


def new_model(*, use_ema: bool = False) -> keras.Model:
    engine.seed_everything(5)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(6, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(2),
        ]
    )
    optimizer = keras.optimizers.AdamW(1e-2, use_ema=use_ema, ema_momentum=0.9)
    model.compile(optimizer, loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    return model


def logs_in(folder: Path) -> Logs:
    folder.mkdir(exist_ok=True)
    return Logs(
        history=folder / "history.csv",
        tensorboard=folder / "tensorboard",
        checkpoint=folder / "checkpoint.npz",
    )


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(newline="") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def trained(folder: Path, *, n_epochs: int, use_ema: bool = False) -> list[np.ndarray]:
    model = new_model(use_ema=use_ema)
    course = Course(n_epochs=n_epochs, n_steps=N_STEPS, batches=batches)
    engine.run(model, course, validation=None, stops=NEVER, logs=logs_in(folder))
    return model.get_weights()


def assert_equal(ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_runs_of_one_seed_are_equal(tmp_path: Path) -> None:
    ours, theirs = (trained(tmp_path / name, n_epochs=4) for name in "ab")
    assert_equal(ours, theirs)


@pytest.mark.parametrize("use_ema", [False, True])
def test_an_interrupted_run_ends_as_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use_ema: bool
) -> None:
    monkeypatch.setattr(engine, "_CHECKPOINT_EVERY_S", 0.0)
    whole = trained(tmp_path / "whole", n_epochs=6, use_ema=use_ema)

    def until_the_power_goes(epoch: int) -> Iterator[Batch]:
        if epoch == 5:
            raise Interrupted
        return batches(epoch)

    cut = tmp_path / "cut"
    course = Course(n_epochs=6, n_steps=N_STEPS, batches=until_the_power_goes)
    with pytest.raises(Exception, match="Interrupted"):
        engine.run(
            new_model(use_ema=use_ema), course, validation=None, stops=NEVER, logs=logs_in(cut)
        )
    n_before = len(history(cut))
    assert 0 < n_before < 6
    assert_equal(trained(cut, n_epochs=6, use_ema=use_ema), whole)
    assert history(cut) == history(tmp_path / "whole")


def test_a_run_cut_off_after_its_last_epoch_ends_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_CHECKPOINT_EVERY_S", 0.0)
    whole = trained(tmp_path / "run", n_epochs=3, use_ema=True)
    assert_equal(trained(tmp_path / "run", n_epochs=3, use_ema=True), whole)


def test_forward_answers_each_input_once() -> None:
    model = new_model()
    forward = engine.forward(model)
    inputs = np.random.default_rng(1).standard_normal((300, 4)).astype(np.float32)
    np.testing.assert_allclose(forward(inputs), model(inputs, training=False), atol=1e-6)
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    assert not forward(inputs[:7]).any()


def test_early_stop_returns_to_the_best_epoch(tmp_path: Path) -> None:
    model = new_model()
    losses = iter([0.9, 0.5, 0.7, 0.8, 0.4])
    weights: list[list[np.ndarray]] = []

    def judge() -> dict[str, float]:
        weights.append([np.array(w) for w in model.get_weights()])
        return {"validation_loss": next(losses), "validation_uar": 0.5}

    engine.run(
        model,
        Course(n_epochs=9, n_steps=N_STEPS, batches=batches),
        validation=Validation(judge=judge, every=1),
        stops=Stops(patience=2, plateau=False),
        logs=logs_in(tmp_path / "run"),
    )
    assert [row["validation_loss"] for row in history(tmp_path / "run")] == [
        "0.9",
        "0.5",
        "0.7",
        "0.8",
    ]
    assert_equal(model.get_weights(), weights[1])


def test_plateau_lowers_the_rate(tmp_path: Path) -> None:
    model = new_model()
    model.optimizer.learning_rate = 1e-9  # nothing is learnt: the loss only wavers

    def same(epoch: int) -> Iterator[Batch]:
        return batches(1)

    course = Course(n_epochs=30, n_steps=N_STEPS, batches=same)
    stops = Stops(patience=0, plateau=True)
    engine.run(model, course, validation=None, stops=stops, logs=logs_in(tmp_path / "run"))
    assert float(model.optimizer.learning_rate) < 1e-9


def test_tensorboard_gets_its_events(tmp_path: Path) -> None:
    trained(tmp_path / "run", n_epochs=1)
    (events,) = (tmp_path / "run" / "tensorboard").iterdir()
    assert b"loss" in events.read_bytes()


def test_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    small = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    small.compile("adam", loss="mse")
    small.optimizer.build(small.trainable_variables)
    checkpoint.save(path, small, checkpoint.Progress(n_done=3))
    with pytest.raises(checkpoint.CheckpointError, match="delete it to begin anew"):
        checkpoint.restore(path, new_model())


def test_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(b"half a file")
    with pytest.raises(checkpoint.CheckpointError, match="cannot be continued"):
        checkpoint.restore(path, new_model())
