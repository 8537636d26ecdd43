"""Two-dimensional convolutions with maximum pooling over an image of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import keras
from keras import layers

from trainer.models.inputs import refuse_vector

_ENDINGS: Mapping[str, type[keras.Layer]] = MappingProxyType(
    {"flatten": layers.Flatten, "average": layers.GlobalAveragePooling2D}
)


def build_cnn2d(
    *,
    input_shape: tuple[int, ...],
    n_classes: int,
    convolutions: Sequence[Sequence[int]],
    dropout: float,
    pooling_end: Literal["flatten", "average"],
    dense: Sequence[int],
) -> keras.Model:
    """Convolutions, each followed by a 2x2 maximum; then an ending, dense layers and logits.

    Parameters
    ----------
    input_shape : tuple of int
        (n_frames, n_features, 1).
    n_classes : int
    convolutions : sequence of (int, int)
        Channels of each convolution, and the side of its square kernel.
    dropout : float
        Share that training drops after each maximum; 0 is no layer.
    pooling_end : {"flatten", "average"}
        Whether the dense layers see every place of the last image, or the mean over all places.
    dense : sequence of int
        Units of each hidden dense layer; empty is none.

    Returns
    -------
    keras.Model
        (batch, n_frames, n_features, 1) -> (batch, n_classes) logits.

    Raises
    ------
    ValueError
        If the input is no image, or `pooling_end` is neither.

    Notes
    -----
    With "flatten" and one dense layer: Youmna-Elmezayen/voice-emotion-recognition-model (2023).
    With dropout and "average": Zisad SN, Hossain MS, Andersson K (2020) Speech emotion recognition
    in neurological disorders using convolutional neural network. Brain Informatics, LNCS 12241.
    """
    refuse_vector(input_shape, network="cnn2d")
    if pooling_end not in _ENDINGS:
        raise ValueError(f"pooling_end is {pooling_end!r}, expected {' or '.join(_ENDINGS)}")
    x = inputs = keras.Input(input_shape)
    for n_filters, side in convolutions:
        x = layers.Conv2D(n_filters, side, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2, padding="same")(x)
        x = layers.Dropout(dropout)(x) if dropout else x
    x = _ENDINGS[pooling_end]()(x)
    for n_units in dense:
        x = layers.Dense(n_units, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(n_classes)(x), name="cnn2d")
