"""Keras networks by name: feature windows in, logits out, TFLite builtin operators only.

Losses, training loops, corpora and files never live here.
May import keras; nothing else of `trainer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import keras

from trainer.models.melconv import build_melconv

BUILDERS: Mapping[str, Callable[..., keras.Model]] = MappingProxyType({"melconv": build_melconv})


def build(
    name: str, *, input_shape: tuple[int, ...], n_classes: int, **parameters: object
) -> keras.Model:
    """Build the network that a recipe names.

    Parameters
    ----------
    name : str
        A key of `BUILDERS`.
    input_shape : tuple of int
        Shape of one window without the batch axis, (n_frames, n_bands, 1) for all present builders.
    n_classes : int
        Number of logits.
    **parameters
        What the builder itself takes, from the recipe.

    Returns
    -------
    keras.Model
        (batch, *input_shape) -> (batch, n_classes) logits.

    Raises
    ------
    ValueError
        If no builder has that name.
    """
    if name not in BUILDERS:
        raise ValueError(f"unknown model {name!r}; known: {', '.join(sorted(BUILDERS))}")
    return BUILDERS[name](input_shape=input_shape, n_classes=n_classes, **parameters)
