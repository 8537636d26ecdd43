"""Dense layers over a vector of pooled features: the oldest of the classic systems."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, regularizers

from trainer.models.inputs import refuse_image


def build_mlp(
    *,
    input_shape: tuple[int, ...],
    n_classes: int,
    hidden: Sequence[int],
    dropout: Sequence[float],
    l2: float = 0.0,
    activation: str = "relu",
) -> keras.Model:
    """Dense layers, each followed by dropout where it has any, then one dense layer of logits.

    Parameters
    ----------
    input_shape : tuple of int
        (n_features,).
    n_classes : int
    hidden : sequence of int
        Units of each hidden layer.
    dropout : sequence of float
        Share that training drops after each hidden layer; 0 is no layer.
    l2 : float
        Weight of the sum of the squares of all kernels in the loss, biases excepted.
    activation : str
        Of the hidden layers, as Keras names it.

    Returns
    -------
    keras.Model
        (batch, n_features) -> (batch, n_classes) logits.

    Raises
    ------
    ValueError
        If `hidden` and `dropout` are not equally long, or the input is no vector.

    Notes
    -----
    Rumelhart DE, Hinton GE, Williams RJ (1986) Learning representations by back-propagating
    errors. Nature 323. scikit-learn's ``MLPClassifier`` with Adam is this network; its ``alpha`` is
    ``2 * batch_size * l2``, since it divides the penalty by the batch.
    """
    refuse_image(input_shape, network="mlp")
    if len(hidden) != len(dropout):
        raise ValueError(
            f"hidden has {len(hidden)} layers and dropout {len(dropout)} shares; "
            "give one share for each hidden layer, 0 for none"
        )
    penalty = regularizers.L2(l2) if l2 else None
    x = inputs = keras.Input(input_shape)
    for n_units, share in zip(hidden, dropout, strict=True):
        x = layers.Dense(n_units, activation=activation, kernel_regularizer=penalty)(x)
        if share:
            x = layers.Dropout(share)(x)
    return keras.Model(inputs, layers.Dense(n_classes, kernel_regularizer=penalty)(x), name="mlp")
