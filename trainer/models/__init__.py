"""Keras networks by name: feature windows in, logits out, TFLite builtin operators only.

Never here: losses, training loops, corpora, files.
May import: keras, `edge.contract`; nothing else of `trainer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import keras

from edge.contract import tables
from trainer.models.cnn1d import build_cnn1d
from trainer.models.cnn2d import build_cnn2d
from trainer.models.ds_cnn import build_ds_cnn
from trainer.models.light_sernet import build_light_sernet
from trainer.models.melconv import build_melconv
from trainer.models.mlp import build_mlp
from trainer.models.tc_resnet import build_tc_resnet

BUILDERS: Mapping[str, Callable[..., keras.Model]] = MappingProxyType(
    {
        "cnn1d": build_cnn1d,
        "cnn2d": build_cnn2d,
        "ds-cnn": build_ds_cnn,
        "light-sernet": build_light_sernet,
        "melconv": build_melconv,
        "mlp": build_mlp,
        "tc-resnet": build_tc_resnet,
    }
)


def build(
    name: str, *, input_shape: tuple[int, ...], n_classes: int, **parameters: object
) -> keras.Model:
    """Build the network that a recipe names.

    Parameters
    ----------
    name : str
        A key of `BUILDERS`.
    input_shape : tuple of int
        Shape of one window without the batch axis: (n_frames, n_features, 1) of an image,
        (n_features,) of pooled features.
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
        If no builder has that name, or the builder cannot use the shape or the parameters.
    TypeError
        If the builder lacks a parameter, or does not know one.
    """
    if name not in BUILDERS:
        hint = tables.did_you_mean(name, list(BUILDERS))
        raise ValueError(f"no network is called {name!r}, {hint}")
    return BUILDERS[name](input_shape=input_shape, n_classes=n_classes, **parameters)
