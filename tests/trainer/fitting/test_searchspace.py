"""A space names keys that the recipe has and values that it can have, or says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

from edge.errors import ConfigError, NoInputError
from trainer import recipe as recipes
from trainer.fitting.searchspace import (
    Choices,
    Interval,
    Space,
    read_space,
    values_of,
    with_values,
)
from trainer.recipe.learning import ClipLearning

RECIPE = recipes.load("mlp-180")
CLIP_RECIPES = [
    name for name in recipes.names() if isinstance(recipes.load(name).learning, ClipLearning)
]


def space_of(text: str, folder: Path) -> Space:
    path = folder / "space.toml"
    path.write_text(text)
    return read_space(RECIPE, path)


def test_keys_may_be_tables_or_quoted(tmp_path: Path) -> None:
    space = space_of(
        """
        [learning.fit]
        learning_rate = { low = 1e-4, high = 1e-2, log = true }
        label_smoothing = { low = 0, high = 1 }
        [learning.fit.n_epochs]
        low = 5
        high = 50
        ["model.parameters"]
        choices = [{ hidden = [8], dropout = [0.1] }, { hidden = [8, 8], dropout = [0.1, 0.0] }]
        ["model.parameters.l2"]
        low = 1e-6
        high = 1e-2
        ["features.blocks.0.n_mfcc"]
        choices = [20, 40]
        """,
        tmp_path,
    )
    assert space["learning.fit.learning_rate"] == Interval(low=1e-4, high=1e-2, log=True)
    assert space["learning.fit.n_epochs"] == Interval(low=5, high=50)
    # The recipe has a fraction there: 0 to 1 is not 0 or 1.
    assert isinstance(space["learning.fit.label_smoothing"].low, float)
    assert space["features.blocks.0.n_mfcc"] == Choices(choices=(20, 40))
    assert len(space) == 6


@pytest.mark.parametrize("name", CLIP_RECIPES)
def test_the_program_s_own_spaces_fit_their_recipes_and_hold_them(name: str) -> None:
    recipe = recipes.load(name)
    space = read_space(recipe, None)
    own = values_of(recipe, space)
    assert own is not None
    assert with_values(recipe, own) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("low = ", r"is not valid TOML"),
        ("", r"names no key"),
        ("learning = 3", r"learning: expected a table"),
        ("[learning.fit.batch_size]\nlow = 1", r"learning\.fit\.batch_size\.high: missing"),
        ("[learning.fit.batch_size]\nlow = 9\nhigh = 3", r"low is 9, expected less than high, 3"),
        ("[learning.fit.batch_size]\nlow = 'a'\nhigh = 3", r"low and high are 'a' and 3, expected"),
        ("[learning.fit.batch_size]\nlow = true\nhigh = 3", r"low and high are True and 3"),
        ("[learning.fit.batch_size]\nlow = 0\nhigh = 3\nlog = true", r"low is 0, expected more"),
        ("[learning.fit.batch_size]\nlow = 0\nhigh = 3", r"batch_size: 0 is out of bounds"),
        ("[learning.fit.batch_size]\nlow = 1.5\nhigh = 3.5", r"batch_size: expected a whole"),
        ("[learning.fit.batch_size]\nlow = 1\nhigh = 3\nstep = 2", r"batch_size\.step: unknown"),
        ("[learning.balance]\nchoices = ['none']", r"choices has 1 values, expected at least 2"),
        ("[learning.balance]\nchoices = ['none', 'even']", r"learning\.balance: 'even' is not"),
        (
            "[learning.fit.lerning_rate]\nlow = 0.1\nhigh = 0.2",
            r"learning\.fit\.lerning_rate: the recipe has no 'lerning_rate', did you mean 'learn",
        ),
        ("['features.blocks.9.n_mfcc']\nlow = 1\nhigh = 2", r"the recipe has no '9'"),
        ("[split.test_share]\nlow = 0.1\nhigh = 0.2", r"split\.test_share: only keys below feat"),
        ("[seed]\nlow = 1\nhigh = 2", r"seed: only keys below features, learning, model can be"),
        (
            "[learning.fit.n_epochs]\nlow = 0\nhigh = 2\n[seed]\nlow = 1\nhigh = 2",
            r"n_epochs: 0 is out of bounds.*; seed: only keys",
        ),
    ],
)
def test_faults_of_a_space_are_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"space .*space\.toml .*{message}"):
        space_of(text, tmp_path)


def test_a_space_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match=r"absent\.toml does not exist; check --space"):
        read_space(RECIPE, tmp_path / "absent.toml")


def test_a_recipe_of_windows_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"learns from windows, expected learning\.kind = 'clips"):
        read_space(recipes.load("default"), None)


def test_values_change_the_recipe_and_leave_the_original() -> None:
    changed = with_values(
        RECIPE,
        {
            "model.parameters": {"hidden": [8], "dropout": [0.0]},
            "model.parameters.l2": 0.01,
            "learning.fit.batch_size": 3,
            "features.blocks.0.n_mfcc": 13,
        },
    )
    assert changed.model.parameters == {"hidden": [8], "dropout": [0.0], "l2": 0.01}
    assert changed.learning.fit.batch_size == 3
    assert changed.features.shape == (153,)
    assert recipes.load("mlp-180") == RECIPE
    assert recipes.parse(recipes.to_toml(changed), origin="test") == changed


def test_values_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"recipe mlp-180 cannot have these values: .*mixup"):
        with_values(RECIPE, {"learning.mixup_alpha": -1.0})


@pytest.mark.parametrize(
    ("key", "parameter", "inside"),
    [
        ("learning.fit.learning_rate", Interval(low=1e-4, high=1e-2), True),
        ("learning.fit.learning_rate", Interval(low=2e-3, high=1e-2), False),
        ("learning.fit.batch_size", Interval(low=32, high=64), True),
        ("learning.balance", Choices(choices=("none", "sampling")), True),
        ("learning.balance", Choices(choices=("class_weights", "sampling")), False),
        ("model.parameters.l2", Interval(low=1e-6, high=1e-2), False),
    ],
)
def test_the_recipe_s_own_values_are_found_where_the_space_holds_them(
    key: str, parameter: Any, inside: bool
) -> None:
    assert (values_of(RECIPE, {key: parameter}) is not None) == inside


@pytest.mark.parametrize(
    ("parameter", "kind"),
    [
        (Interval(low=2, high=9), int),
        (Interval(low=2, high=9, log=True), int),
        (Interval(low=1e-5, high=1e-1, log=True), float),
        (Interval(low=0, high=0.5), float),
        (Choices(choices=([8, 8], {"hidden": [3], "share": 0.0})), (list, dict)),
    ],
)
def test_what_is_drawn_is_what_is_restored(parameter: Any, kind: Any) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(20):
        trial = study.ask()
        value = parameter.drawn(trial, "x")
        assert isinstance(value, kind)
        assert parameter.holds(value)
        assert parameter.restored(trial.params["x"]) == value
        assert parameter.holds(parameter.restored(parameter.stored(value)))
        if isinstance(value, float):
            assert value == float(f"{value:.3g}")
