"""A plain stack of strided 2-D convolutions over a log-mel window, pooled over time.

Strides instead of pooling layers keep it cheap, and ReLU6 keeps the int8 ranges narrow. Pooling
keeps the mean and the maximum over time: an emotion colours a whole utterance, or flares up in one
syllable.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from trainer.models.inputs import refuse_vector

_BATCH_NORM_MOMENTUM = 0.97


def _convolve(
    x: keras.KerasTensor, *, filters: int, kernel: int, stride: Sequence[int]
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, kernel, strides=tuple(stride), padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=_BATCH_NORM_MOMENTUM)(x)
    return layers.ReLU(6.0)(x)


def _pool(x: keras.KerasTensor) -> keras.KerasTensor:
    """Mean over frequency, then mean and maximum over time: (batch, 2 * n_channels)."""
    rows = layers.AveragePooling2D((1, x.shape[2]))(x)
    mean = layers.GlobalAveragePooling2D()(rows)
    maximum = layers.GlobalMaxPooling2D()(rows)
    return layers.Concatenate()([mean, maximum])


def build_melconv(
    *,
    input_shape: tuple[int, ...],
    n_classes: int,
    filters: Sequence[int],
    kernels: Sequence[int],
    strides: Sequence[Sequence[int]],
    dropout: float,
) -> keras.Model:
    """Convolutions, one per entry of `filters`, then pooling over time and one dense layer.

    Parameters
    ----------
    input_shape : tuple of int
        (n_frames, n_bands, 1).
    n_classes : int
    filters : sequence of int
        Channels of each convolution.
    kernels : sequence of int
        Side of each square kernel, in frames and bands of its input.
    strides : sequence of (int, int)
        Stride of each convolution along (time, frequency).
    dropout : float
        Share of the pooled features that training drops.

    Returns
    -------
    keras.Model
        (batch, n_frames, n_bands, 1) -> (batch, n_classes) logits.

    Raises
    ------
    ValueError
        If `filters`, `kernels` and `strides` are not equally long, or the input is no image.
    """
    refuse_vector(input_shape, network="melconv")
    n_each = {len(filters), len(kernels), len(strides)}
    if len(n_each) > 1:
        raise ValueError(
            f"there are {len(filters)} filters, {len(kernels)} kernels and {len(strides)} strides; "
            "give one of each for each convolution"
        )
    inputs = keras.Input(input_shape)
    x = inputs
    for n_filters, kernel, stride in zip(filters, kernels, strides, strict=True):
        x = _convolve(x, filters=n_filters, kernel=kernel, stride=stride)
    x = layers.Dropout(dropout)(_pool(x))
    return keras.Model(inputs, layers.Dense(n_classes)(x), name="melconv")
