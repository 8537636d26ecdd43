"""TC-ResNet: convolutions along time alone, with the features as channels."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, regularizers

from trainer.models.inputs import refuse_vector

_FIRST_KERNEL = 3


def _convolve(
    x: keras.KerasTensor, filters: int, *, kernel: int, stride: int, l2: float
) -> keras.KerasTensor:
    x = layers.Conv2D(
        filters,
        (kernel, 1),
        strides=(stride, 1),
        padding="same",
        use_bias=False,
        kernel_regularizer=regularizers.L2(l2),
    )(x)
    return layers.BatchNormalization()(x)


def _residual(x: keras.KerasTensor, filters: int, *, kernel: int, l2: float) -> keras.KerasTensor:
    """Two convolutions beside a short cut; where the channels change, time is halved."""
    changes = x.shape[-1] != filters
    stride = 2 if changes else 1
    short = layers.ReLU()(_convolve(x, filters, kernel=1, stride=2, l2=l2)) if changes else x
    x = layers.ReLU()(_convolve(x, filters, kernel=kernel, stride=stride, l2=l2))
    x = _convolve(x, filters, kernel=kernel, stride=1, l2=l2)
    return layers.ReLU()(layers.Add()([x, short]))


def build_tc_resnet(
    *,
    input_shape: tuple[int, ...],
    n_classes: int,
    filters: Sequence[int],
    kernel: int,
    dropout: float,
    l2: float,
) -> keras.Model:
    """A short convolution, residual blocks of long ones, the mean over time, logits.

    Parameters
    ----------
    input_shape : tuple of int
        (n_frames, n_features, 1); the features become channels.
    n_classes : int
    filters : sequence of int
        Channels of the first convolution, then of each residual block.
    kernel : int
        Frames that the blocks' kernels span.
    dropout : float
        Share that training drops before the logits.
    l2 : float
        Weight of the sum of squares of all convolutions' kernels in the loss.

    Returns
    -------
    keras.Model
        (batch, n_frames, n_features, 1) -> (batch, n_classes) logits.

    Raises
    ------
    ValueError
        If the input is no image.

    Notes
    -----
    Choi S, Seo S, Shin B et al. (2019) Temporal convolution for real-time keyword spotting on
    mobile devices. Interspeech. With filters 16, 24, 32, 48 and kernel 9 it is TC-ResNet8.
    """
    refuse_vector(input_shape, network="tc-resnet")
    n_frames, n_features, _ = input_shape
    inputs = keras.Input(input_shape)
    x = layers.Reshape((n_frames, 1, n_features))(inputs)
    x = layers.ReLU()(_convolve(x, filters[0], kernel=_FIRST_KERNEL, stride=1, l2=l2))
    for n_filters in filters[1:]:
        x = _residual(x, n_filters, kernel=kernel, l2=l2)
    x = layers.Dropout(dropout)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(n_classes)(x), name="tc_resnet")
