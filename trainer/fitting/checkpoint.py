"""Where a training stood, so that an interrupted one goes on as if nothing had been."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edge.errors import EXIT_BAD_DATA, SerError
from trainer import stored
from trainer.fitting import distribution

_PROGRESS = "progress"


class CheckpointError(SerError, ValueError):
    """A checkpoint does not belong to this recipe's network."""

    exit_code = EXIT_BAD_DATA


@dataclass(kw_only=True, slots=True)
class Progress:
    """What the loop remembers from epoch to epoch."""

    n_done: int = 0
    """Finished epochs."""
    seconds: float = 0.0
    best_loss: float = float("inf")
    """Least validation loss so far."""
    best_epoch: int = 0
    n_stale: int = 0
    """Epochs since the training loss last fell, for the ``plateau`` schedule."""
    lowest_loss: float = float("inf")
    """Least training loss so far."""
    best_weights: list[NDArray] = field(default_factory=list)
    """Of the best epoch; empty unless training may stop early."""


def save(path: Path, model: keras.Model, progress: Progress) -> None:
    """Write network, optimizer and progress, whole or not at all."""
    arrays = {f"state_{i:04d}": np.asarray(v) for i, v in enumerate(_state(model))}
    arrays |= {f"best_{i:04d}": w for i, w in enumerate(progress.best_weights)}
    told = {k: v for k, v in asdict(progress).items() if k != "best_weights"}
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, **arrays, **{_PROGRESS: np.array(json.dumps(told))})
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def restore(path: Path, model: keras.Model) -> Progress:
    """Bring network and optimizer to where they were; a fresh `Progress` where nothing is stored.

    Where several workers train, all of them go on from what the chief has stored.

    Raises
    ------
    CheckpointError
        If what is stored belongs to another network, or is damaged.
    """
    content = distribution.from_chief(_content(path))
    if not content:
        return Progress()
    try:
        arrays = stored.read_arrays(content)
        progress = Progress(**json.loads(str(arrays[_PROGRESS])))
        progress.best_weights = _named(arrays, "best_")
        _assign(_state(model), _named(arrays, "state_"))
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"checkpoint {path} cannot be continued ({error}); delete it to begin anew"
        ) from error
    return progress


def _content(path: Path) -> bytes:
    """Return what is stored, nothing where nothing is: an empty file is a damaged one."""
    return (path.read_bytes() or b"empty") if path.exists() else b""


def _named(arrays: Mapping[str, NDArray], prefix: str) -> list[NDArray]:
    return [array for name, array in sorted(arrays.items()) if name.startswith(prefix)]


def _state(model: keras.Model) -> list[keras.Variable]:
    # Weights, statistics of normalisation and the random states of dropout, then the optimizer's.
    return [*model.variables, *model.optimizer.variables]


def _assign(variables: Sequence[keras.Variable], values: Sequence[NDArray]) -> None:
    shapes = [tuple(v.shape) for v in variables]
    if shapes != [value.shape for value in values]:
        raise ValueError(f"{len(values)} tensors are stored, the network has {len(variables)}")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
