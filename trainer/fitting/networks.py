"""The untrained network of a recipe."""

from __future__ import annotations

import keras

from edge.contract.spec import FeatureSpec, Image
from edge.errors import ConfigError
from trainer import models
from trainer.recipe.schema import Recipe


def input_shape(spec: FeatureSpec) -> tuple[int, ...]:
    """Return the shape of a network's input without the batch: an image has one channel."""
    return (*spec.shape, 1) if isinstance(spec.layout, Image) else spec.shape


def build_for(recipe: Recipe) -> keras.Model:
    """Build the recipe's network, untrained.

    Raises
    ------
    ConfigError
        If no network has that name, or it takes other parameters or another shape of features.
    """
    choice = recipe.model
    try:
        return models.build(
            choice.name,
            input_shape=input_shape(recipe.features),
            n_classes=len(recipe.labels),
            **choice.parameters,
        )
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"recipe {recipe.name}: the network {choice.name} cannot be built: {error}; "
            "see [model] and [features] of the recipe"
        ) from error
