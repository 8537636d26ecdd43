"""DS-CNN: a convolution, then depthwise separable ones; small enough for a microcontroller."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, regularizers

from trainer.models.inputs import refuse_vector

_KERNEL = (10, 4)
"""Of the first convolution, along (time, frequency)."""
_STRIDE = (2, 2)
_BATCH_NORM_MOMENTUM = 0.9
"""With Keras' 0.99 the running statistics of nine layers lag by ten epochs of our few batches: the
validation loss rises meanwhile, and patience ends the training before it has begun."""


def _normalise(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.ReLU()(layers.BatchNormalization(momentum=_BATCH_NORM_MOMENTUM)(x))


def _separable(
    x: keras.KerasTensor, *, filters: int, penalty: regularizers.Regularizer
) -> keras.KerasTensor:
    x = _normalise(layers.DepthwiseConv2D(3, padding="same")(x))
    return _normalise(layers.Conv2D(filters, 1, kernel_regularizer=penalty)(x))


def build_ds_cnn(
    *,
    input_shape: tuple[int, ...],
    n_classes: int,
    filters: int,
    n_blocks: int,
    dropout: Sequence[float],
    l2: float,
) -> keras.Model:
    """One convolution, `n_blocks` depthwise separable ones, the mean over all places, logits.

    Parameters
    ----------
    input_shape : tuple of int
        (n_frames, n_features, 1).
    n_classes : int
    filters : int
        Channels of every layer.
    n_blocks : int
        Depthwise 3x3 convolutions, each followed by a pointwise one.
    dropout : (float, float)
        Shares that training drops after the first convolution and before the mean.
    l2 : float
        Weight of the sum of squares of the full convolutions' kernels in the loss.

    Returns
    -------
    keras.Model
        (batch, n_frames, n_features, 1) -> (batch, n_classes) logits.

    Raises
    ------
    ValueError
        If the input is no image, or `dropout` are not two.

    Notes
    -----
    Zhang Y, Suda N, Lai L, Chandra V (2017) Hello edge: keyword spotting on microcontrollers.
    arXiv:1711.07128. Sizes as in the keyword benchmark of MLPerf Tiny (Banbury C et al. 2021,
    mlcommons/tiny).
    """
    refuse_vector(input_shape, network="ds-cnn")
    if len(dropout) != 2:
        raise ValueError(f"dropout has {len(dropout)} shares, expected 2: early and late")
    early, late = dropout
    penalty = regularizers.L2(l2)
    inputs = keras.Input(input_shape)
    x = layers.Conv2D(
        filters, _KERNEL, strides=_STRIDE, padding="same", kernel_regularizer=penalty
    )(inputs)
    x = layers.Dropout(early)(_normalise(x))
    for _ in range(n_blocks):
        x = _separable(x, filters=filters, penalty=penalty)
    x = layers.GlobalAveragePooling2D()(layers.Dropout(late)(x))
    return keras.Model(inputs, layers.Dense(n_classes)(x), name="ds_cnn")
