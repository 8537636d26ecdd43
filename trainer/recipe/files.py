"""Recipes by name or path: from TOML text to a checked `Recipe`, all faults at once."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import tomli_w

from edge.contract import tables
from edge.errors import ConfigError, NoInputError
from trainer.recipe.schema import Recipe

_FOLDER = resources.files("trainer") / "recipes"


def names() -> list[str]:
    """Return the names of the recipes that come with the program."""
    found = (Path(entry.name) for entry in _FOLDER.iterdir())
    return sorted(path.stem for path in found if path.suffix == ".toml")


def read_text(name: str) -> str:
    """Return the text of a recipe that comes with the program, or of a file.

    Raises
    ------
    NoInputError
        If it is neither.
    ConfigError
        If it is no text.
    """
    if name in names():
        return (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    path = Path(name)
    if path.is_file():
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(f"recipe {path} is not valid TOML: {error}") from error
    hint = tables.did_you_mean(name, names())
    raise NoInputError(f"{name!r} is neither a recipe of this program nor a file; {hint}")


def parse(text: str, *, origin: str) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    text : str
        TOML.
    origin : str
        Where it comes from, for messages.

    Raises
    ------
    ConfigError
        If it is no TOML, or keys are missing, unknown or wrong; the message lists every fault.
    """
    try:
        table = tomllib.loads(text)
        add_nulls(table)
        return tables.from_table(Recipe, table, path="")
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"recipe {origin} is not valid TOML: {error}") from error
    except tables.TableError as error:
        raise ConfigError(f"recipe {origin} cannot be used: {error}") from error


def load(name: str) -> Recipe:
    """Read a recipe by its name or its path; errors as `read_text` and `parse`."""
    return parse(read_text(name), origin=name)


def to_toml(recipe: Recipe) -> str:
    """Return the text of a recipe; `parse` inverts it."""
    return tomli_w.dumps(_without_nulls(tables.to_table(recipe)))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def add_nulls(table: dict[str, Any]) -> None:
    """Add what TOML cannot say: an absent ``top_db``, or ``tuning`` of chroma, is none."""
    features = table.get("features")
    blocks = features.get("blocks") if isinstance(features, dict) else None
    for block in blocks if isinstance(blocks, list) else []:
        _add_nulls_to_block(block)


def _add_nulls_to_block(block: object) -> None:
    if not isinstance(block, dict):
        return
    if isinstance(block.get("decibel"), dict):
        block["decibel"].setdefault("top_db", None)
    if block.get("kind") == "chroma":
        block.setdefault("tuning", None)
    _add_nulls_to_block(block.get("of"))
