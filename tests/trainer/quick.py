"""A recipe that trains in a second, for tests that do not care what is learnt."""

from __future__ import annotations

import dataclasses
from typing import Any

from trainer import recipe as recipes
from trainer.recipe.schema import ModelChoice, Recipe


def quick_recipe(**changes: Any) -> Recipe:
    """Return 12 chroma means instead of mlp-180's 180 numbers, and a net to match."""
    found = recipes.load("mlp-180")
    learning = found.learning
    quick = dataclasses.replace(
        found,
        features=dataclasses.replace(found.features, blocks=found.features.blocks[1:2]),
        learning=dataclasses.replace(learning, fit=dataclasses.replace(learning.fit, n_epochs=2)),
        model=ModelChoice(name="mlp", parameters={"hidden": [8], "dropout": [0.0]}),
        quantisation=dataclasses.replace(found.quantisation, n_windows=8),
    )
    return dataclasses.replace(quick, **changes)
