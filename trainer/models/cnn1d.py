"""One-dimensional convolutions along a vector of pooled features.

There is little to convolve in two numbers, but that is how some classic systems were built.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from trainer.models.inputs import refuse_image


def build_cnn1d(
    *,
    input_shape: tuple[int, ...],
    n_classes: int,
    filters: Sequence[int],
    kernel: int,
    pool: int,
    dense: int,
) -> keras.Model:
    """Convolutions with maximum pooling, one per entry of `filters`, then two dense layers.

    Parameters
    ----------
    input_shape : tuple of int
        (n_features,).
    n_classes : int
    filters : sequence of int
        Channels of each convolution.
    kernel : int
        Length of every kernel, in features of its input.
    pool : int
        Length and stride of every pooling; the rest at the end makes a pool of its own.
    dense : int
        Units of the hidden dense layer.

    Returns
    -------
    keras.Model
        (batch, n_features) -> (batch, n_classes) logits.

    Raises
    ------
    ValueError
        If the input is no vector.

    Notes
    -----
    The network of Youmna-Elmezayen/voice-emotion-recognition-model (2023).
    """
    refuse_image(input_shape, network="cnn1d")
    inputs = keras.Input(input_shape)
    x = layers.Reshape((*input_shape, 1))(inputs)
    for n_filters in filters:
        x = layers.Conv1D(n_filters, kernel, padding="same", activation="relu")(x)
        x = layers.MaxPooling1D(pool, padding="same")(x)
    x = layers.Dense(dense, activation="relu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(n_classes)(x), name="cnn1d")
