"""Settings from environment variables: ``SER_EDGE_SECTION_KEY``."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import is_dataclass
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

from edge.config.places import CONFIG_VARIABLE
from edge.config.settings import Config

PREFIX: Final = "SER_EDGE_"

RESERVED: Final = frozenset({CONFIG_VARIABLE})
"""Variables with the prefix that are no setting."""


def settings() -> dict[str, Any]:
    """Return the type of every setting that has a name of its own, by path: ``"audio.device"``.

    Alert rules have none: they are a list, which only a file can hold.
    """
    return {
        f"{name}.{key}": hint
        for name, section in get_type_hints(Config).items()
        if is_dataclass(section)
        for key, hint in get_type_hints(section, include_extras=True).items()
    }


def variable_of(path: str) -> str:
    """Return the variable that sets ``"audio.device"``."""
    return PREFIX + path.replace(".", "_").upper()


def accepts_none(hint: Any) -> bool:
    """Return whether a setting of this type may be absent."""
    return NoneType in get_args(hint)


def from_environment(environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Read every variable with our prefix.

    Texts are taken as they are, anything else is written as in the file: ``0.5``, ``true``,
    ``[17, 27, 22]``, ``{happy = 17}``.

    Returns
    -------
    values : dict[str, Any]
        By path; what is no TOML stays a text, so that the check of its type refuses it.
    faults : dict[str, str]
        What is wrong with each variable that is no setting, by its name.
    """
    paths = {variable_of(path): path for path in settings()}
    ours = {name for name in environ if name.startswith(PREFIX)} - RESERVED
    values = {
        paths[name]: _typed(environ[name], settings()[paths[name]]) for name in ours & set(paths)
    }
    return values, {name: _unknown(name, list(paths)) for name in ours - set(paths)}


def _typed(text: str, hint: Any) -> Any:
    if hint is str:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _unknown(name: str, known: list[str]) -> str:
    # Without the prefix, in which all names are alike.
    names = {other.removeprefix(PREFIX): other for other in (*known, *RESERVED)}
    near = difflib.get_close_matches(name.removeprefix(PREFIX), names, n=1)
    if near:
        return f"no such setting, did you mean {names[near[0]]!r}?"
    return "no such setting; `ser-edge check-config --print-default` lists them as SECTION and KEY"
