"""Feature specifications read from files: TOML or JSON, alone or as the features of a recipe."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from edge.contract.spec import FeatureSpec
from edge.errors import NoInputError, SpecError
from trainer.recipe import add_nulls


def load(path: Path) -> FeatureSpec:
    """Read the dictionary that `FeatureSpec.from_dict` takes.

    Parameters
    ----------
    path : Path
        JSON where its name ends in ``.json``, else TOML. Where it has a table ``features``, as
        recipes and manifests have, that is the dictionary. In TOML, which has no null, an absent
        ``top_db`` or ``tuning`` is none.

    Raises
    ------
    NoInputError
        If the file is absent or may not be read.
    SpecError
        If it is neither TOML nor JSON, or no possible specification; the message names the keys.
    """
    try:
        return FeatureSpec.from_dict(_features(path))
    except OSError as error:
        raise NoInputError(
            f"specification {path} cannot be read ({error.strerror}); check --spec"
        ) from error
    except SpecError as error:
        raise SpecError(f"specification {path} cannot be used: {error}") from error
    except ValueError as error:
        language = "JSON" if _is_json(path) else "TOML"
        raise SpecError(f"specification {path} is not valid {language}: {error}") from error


def _features(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    table = json.loads(text) if _is_json(path) else tomllib.loads(text)
    if not isinstance(table, dict):
        return table
    recipe = table if "features" in table else {"features": table}
    if not _is_json(path):
        add_nulls(recipe)
    return recipe["features"]


def _is_json(path: Path) -> bool:
    return path.suffix.lower() == ".json"
