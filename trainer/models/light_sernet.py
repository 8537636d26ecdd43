"""A network after LIGHT-SERNET: kernels along time, along frequency and along both, side by side.

Written anew from the paper; the published code has no licence.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, regularizers

from trainer.models.inputs import refuse_vector

_PATHS = ((11, 1), (1, 9), (3, 3))
"""Kernels of the three paths, along (time, frequency)."""
_POOLS = ((2, 2), (2, 2), (2, 1), (2, 1))
"""Mean pooling after each convolution of the stack: frequency is small before time is."""


def _normalise(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.ReLU()(layers.BatchNormalization()(x))


def _average(x: keras.KerasTensor, pool: tuple[int, int]) -> keras.KerasTensor:
    return layers.AveragePooling2D(pool, padding="same")(x)


def _convolve(x: keras.KerasTensor, filters: int, *, side: int, l2: float) -> keras.KerasTensor:
    penalty = regularizers.L2(l2)
    x = layers.Conv2D(filters, side, padding="same", use_bias=False, kernel_regularizer=penalty)(x)
    return _normalise(x)


def build_light_sernet(
    *,
    input_shape: tuple[int, ...],
    n_classes: int,
    filters: Sequence[int],
    dropout: float,
    l2: float,
) -> keras.Model:
    """Three parallel convolutions, a stack of four 3x3 ones, a 1x1 one, the mean, logits.

    Parameters
    ----------
    input_shape : tuple of int
        (n_frames, n_features, 1).
    n_classes : int
    filters : sequence of int
        Channels of each of the three paths, of each of the four 3x3 convolutions, and of the 1x1
        convolution, which the mean over all places is taken of: six numbers.
    dropout : float
        Share that training drops before the logits.
    l2 : float
        Weight of the sum of squares of the kernels behind the three paths in the loss.

    Returns
    -------
    keras.Model
        (batch, n_frames, n_features, 1) -> (batch, n_classes) logits.

    Raises
    ------
    ValueError
        If the input is no image, or `filters` are not six.

    Notes
    -----
    Aftab A, Morsali A, Ghaemmaghami S, Champagne B (2022) LIGHT-SERNET: a lightweight fully
    convolutional neural network for speech emotion recognition. ICASSP.
    """
    refuse_vector(input_shape, network="light-sernet")
    if len(filters) != len(_POOLS) + 2:
        raise ValueError(f"filters are {len(filters)}, expected {len(_POOLS) + 2}")
    first, *stack, last = filters
    inputs = keras.Input(input_shape)
    paths = [layers.Conv2D(first, kernel, padding="same")(inputs) for kernel in _PATHS]
    x = layers.Concatenate()([_average(_normalise(path), (2, 2)) for path in paths])
    for n_filters, pool in zip(stack, _POOLS, strict=True):
        x = _average(_convolve(x, n_filters, side=3, l2=l2), pool)
    x = layers.GlobalAveragePooling2D()(_convolve(x, last, side=1, l2=l2))
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, layers.Dense(n_classes)(x), name="light_sernet")
