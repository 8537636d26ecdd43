"""What a search may change of a recipe: a TOML file from keys of the recipe to ranges or choices.

::

    [learning.fit.learning_rate]
    low = 1e-4
    high = 1e-2
    log = true

    ["model.parameters"]
    choices = [{ hidden = [256], dropout = [0.3] }, { hidden = [64, 64], dropout = [0.3, 0.0] }]
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import optuna

from edge.contract import tables
from edge.contract.tables import Problem, TableError
from edge.errors import ConfigError, NoInputError
from trainer.recipe.learning import ClipLearning
from trainer.recipe.schema import Recipe

ROOTS: Final = ("features", "learning", "model")
"""Tables of a recipe that may be searched in: data, labels, seed and split stay as they are."""

_FOLDER = resources.files("trainer") / "recipes" / "spaces"
_FOR_ALL = "clips"
_FREE = "model.parameters"


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """Numbers between two bounds; whole ones where both bounds are whole."""

    low: Any
    high: Any
    log: bool = False
    """Whether each order of magnitude is as likely as the next."""

    def __post_init__(self) -> None:
        if not all(type(bound) in (int, float) for bound in (self.low, self.high)):
            raise ValueError(f"low and high are {self.low!r} and {self.high!r}, expected numbers")
        if not self.low < self.high:
            raise ValueError(f"low is {self.low:g}, expected less than high, {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"low is {self.low:g}, expected more than 0 where log is true")

    @property
    def extremes(self) -> tuple[Any, ...]:
        """Values that must all be possible."""
        return (self.low, self.high)

    def holds(self, value: object) -> bool:
        """Return whether a value can be drawn."""
        kinds = (int,) if self._whole else (int, float)
        return type(value) in kinds and self.low <= value <= self.high

    def drawn(self, trial: optuna.Trial, name: str) -> Any:
        """Return the value that a trial is to try."""
        draw = trial.suggest_int if self._whole else trial.suggest_float
        return self.restored(draw(name, self.low, self.high, log=self.log))

    def stored(self, value: Any) -> Any:
        """Return how Optuna stores a value."""
        return value

    def restored(self, value: Any) -> Any:
        """Return the value that Optuna stored, to three digits: more of them mean nothing."""
        return value if self._whole else float(f"{value:.3g}")

    @property
    def _whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """Some values of any kind, whole tables too."""

    choices: tuple[Any, ...]

    def __post_init__(self) -> None:
        if len(self.choices) < 2:
            raise ValueError(f"choices has {len(self.choices)} values, expected at least 2")

    @property
    def extremes(self) -> tuple[Any, ...]:
        """Values that must all be possible."""
        return self.choices

    def holds(self, value: object) -> bool:
        """Return whether a value can be drawn."""
        return value in self.choices

    def drawn(self, trial: optuna.Trial, name: str) -> Any:
        """Return the value that a trial is to try."""
        words = [self.stored(choice) for choice in self.choices]
        return self.restored(trial.suggest_categorical(name, words))

    def stored(self, value: Any) -> Any:
        """Return how Optuna stores a value: it keeps words, not lists and tables."""
        return json.dumps(value)

    def restored(self, value: str) -> Any:
        """Return the value that Optuna stored."""
        return json.loads(value)


Space = dict[str, Interval | Choices]
"""By dotted key of the recipe; a number in it counts the items of a list from 0."""


def read_space(recipe: Recipe, file: Path | None) -> Space:
    """Read the space of a search, and check it against the recipe.

    Parameters
    ----------
    recipe : Recipe
    file : Path or None
        None takes the space that comes with the program for this recipe, or for all.

    Raises
    ------
    NoInputError
        If there is no such file.
    ConfigError
        If it is no TOML, or the recipe cannot have such keys or values; with every fault found. Or
        if the recipe learns from windows.
    """
    if not isinstance(recipe.learning, ClipLearning):
        raise ConfigError(
            f"recipe {recipe.name} learns from windows, expected learning.kind = 'clips': "
            "a training on windows takes too long to be tried many times"
        )
    origin = str(file) if file else f"for {recipe.name}"
    try:
        return _checked(_space(tomllib.loads(_text(recipe, file)), recipe), recipe)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"space {origin} is not valid TOML: {error}") from error
    except TableError as error:
        raise ConfigError(f"space {origin} cannot be used: {error}") from error


def with_values(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """Return a recipe with other values, by dotted keys.

    Raises
    ------
    ConfigError
        If it cannot have them together.
    """
    try:
        return _changed(recipe, values)
    except TableError as error:
        raise ConfigError(f"recipe {recipe.name} cannot have these values: {error}") from error


def values_of(recipe: Recipe, space: Space) -> dict[str, Any] | None:
    """Return the recipe's own values; None where one of them lies outside of the space."""
    table = tables.to_table(recipe)
    try:
        values = {key: _at(table, key.split(".")) for key in space}
    except KeyError:
        return None
    return values if all(space[key].holds(value) for key, value in values.items()) else None


def _text(recipe: Recipe, file: Path | None) -> str:
    if file is None:
        own = _FOLDER / f"{recipe.name}.toml"
        chosen = own if own.is_file() else _FOLDER / f"{_FOR_ALL}.toml"
        return chosen.read_text(encoding="utf-8")
    if not file.is_file():
        raise NoInputError(f"the space {file} does not exist; check --space")
    return file.read_text(encoding="utf-8")


def _space(table: Mapping[str, Any], recipe: Recipe) -> Space:
    space: Space = {}
    for key, leaf in _leaves(table, ""):
        if isinstance(leaf, dict) and "choices" in leaf:
            space[key] = tables.from_table(Choices, leaf, path=key)
        else:
            interval = tables.from_table(Interval, leaf, path=key)
            space[key] = _as_the_recipe_has_it(interval, recipe, key)
    return space


def _as_the_recipe_has_it(interval: Interval, recipe: Recipe, key: str) -> Interval:
    """Return 0 to 1 as fractions where the recipe has a fraction, not as two whole numbers."""
    try:
        now = _at(tables.to_table(recipe), key.split("."))
    except KeyError:
        return interval
    if not isinstance(now, float):
        return interval
    return Interval(low=float(interval.low), high=float(interval.high), log=interval.log)


def _checked(space: Space, recipe: Recipe) -> Space:
    problems = [p for key, each in space.items() for p in _impossible(recipe, key, each)]
    if not space:
        problems = [Problem("", "it names no key to search")]
    if problems:
        raise TableError(problems)
    return space


def _leaves(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, dict) and not {"low", "high", "choices"} & value.keys():
            yield from _leaves(value, here)
        else:
            yield here, value


def _impossible(recipe: Recipe, key: str, parameter: Interval | Choices) -> list[Problem]:
    """Return why the recipe cannot have such a key or one of its values."""
    if key.split(".", maxsplit=1)[0] not in ROOTS:
        return [Problem(key, f"only keys below {', '.join(ROOTS)} can be searched")]
    for value in parameter.extremes:
        try:
            _changed(recipe, {key: value})
        except TableError as error:
            return list(error.problems)
    return []


def _changed(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    table = tables.to_table(recipe)
    for key, value in values.items():
        *parents, last = key.split(".")
        try:
            holder = _at(table, parents)
            if ".".join(parents) != _FREE:
                _at(holder, [last])
        except KeyError as error:
            raise TableError([Problem(key, f"the recipe has no {error.args[0]}")]) from error
        holder[int(last) if isinstance(holder, list) else last] = value
    return tables.from_table(Recipe, table, path="")


def _at(table: Any, keys: list[str]) -> Any:
    """Return what stands at a path; raises `KeyError` with the first key that is not there."""
    for key in keys:
        try:
            table = table[int(key)] if isinstance(table, list) else table[key]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            hint = tables.did_you_mean(key, list(table)) if isinstance(table, dict) else ""
            raise KeyError(f"{key!r}{', ' if hint else ''}{hint}") from error
    return table
