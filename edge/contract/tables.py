"""Strict conversion between tables (JSON, TOML) and frozen dataclasses, all faults at once.

The dataclass is the schema: its fields are the only keys, a field without a default is required,
`Range` bounds a number, a union of dataclasses is told apart by the literal in its field ``kind``.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Range:
    """Inclusive bounds of a number, for ``Annotated[float, Range(0, 1)]``."""

    low: float = -math.inf
    high: float = math.inf

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"at least {self.low:g}"
        if self.low == -math.inf:
            return f"at most {self.high:g}"
        return f"from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where it stands (``"panel.leds.happy"``) and what is wrong there."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class TableError(ValueError):
    """A table does not fit its dataclass; `problems` holds every fault."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def to_table(value: Any) -> Any:
    """Return plain dictionaries, lists and scalars for a dataclass; `from_table` inverts it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_table(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: to_table(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_table(item) for item in value]
    return value


def from_table(cls: type[T], table: object, *, path: str) -> T:
    """Build the dataclass `cls` from a table.

    Parameters
    ----------
    cls : type
        The dataclass that is the schema.
    table : object
        What a parser returned; anything but a mapping is a fault.
    path : str
        Name of the table, the head of every fault's path; may be empty.

    Raises
    ------
    TableError
        With every fault found.
    """
    problems: list[Problem] = []
    value = _dataclass(cls, table, path, problems)
    if problems:
        raise TableError(problems)
    return value


def did_you_mean(word: str, known: list[str]) -> str:
    """Return a suggestion to append to a message, or the list of what is known."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"


class _Invalid:
    """Stands for a value whose fault has been noted."""


_INVALID: Any = _Invalid()


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _dataclass(cls: type, table: object, path: str, problems: list[Problem]) -> Any:
    if not isinstance(table, Mapping):
        problems.append(Problem(path, f"expected a table, found {table!r}"))
        return _INVALID
    fields = {f.name: f for f in dataclasses.fields(cls)}
    n_before = len(problems)
    for key in table:
        if key not in fields:
            hint = did_you_mean(str(key), list(fields))
            problems.append(Problem(_join(path, str(key)), f"unknown key, {hint}"))
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in table:
            values[name] = _value(_hints(cls)[name], table[name], _join(path, name), problems)
        elif _required(field):
            problems.append(Problem(_join(path, name), "missing"))
    if len(problems) > n_before:
        return _INVALID
    return _construct(cls, values, path, problems)


def _construct(cls: type, values: dict[str, Any], path: str, problems: list[Problem]) -> Any:
    try:
        return cls(**values)
    except ValueError as error:
        problems.append(Problem(path, str(error)))
        return _INVALID


def _required(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def _value(hint: Any, value: object, path: str, problems: list[Problem]) -> Any:
    origin = get_origin(hint)
    if origin in _READERS:
        return _READERS[origin](get_args(hint), value, path, problems)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _dataclass(hint, value, path, problems)
    return _scalar(hint, value, path, problems)


def _bounded(arguments: tuple[Any, ...], value: object, path: str, problems: list[Problem]) -> Any:
    inner, *notes = arguments
    result = _value(inner, value, path, problems)
    for bounds in (note for note in notes if isinstance(note, Range)):
        if isinstance(result, int | float) and not bounds.low <= result <= bounds.high:
            problems.append(Problem(path, f"{result!r} is out of bounds, expected {bounds}"))
            return _INVALID
    return result


def _literal(choices: tuple[Any, ...], value: object, path: str, problems: list[Problem]) -> Any:
    if value in choices:
        return value
    hint = did_you_mean(str(value), [str(choice) for choice in choices])
    problems.append(Problem(path, f"{value!r} is not possible, {hint}"))
    return _INVALID


def _union(members: tuple[Any, ...], value: object, path: str, problems: list[Problem]) -> Any:
    if value is None and NoneType in members:
        return None
    rest = tuple(member for member in members if member is not NoneType)
    if len(rest) == 1:
        return _value(rest[0], value, path, problems)
    return _tagged(rest, value, path, problems)


def _tagged(members: tuple[Any, ...], value: object, path: str, problems: list[Problem]) -> Any:
    kinds = {get_args(_hints(member)["kind"])[0]: member for member in members}
    if not isinstance(value, Mapping) or "kind" not in value:
        problems.append(Problem(path, f"expected a table with a kind: {', '.join(kinds)}"))
        return _INVALID
    if value["kind"] not in kinds:
        hint = did_you_mean(str(value["kind"]), list(kinds))
        problems.append(Problem(_join(path, "kind"), f"{value['kind']!r} is unknown, {hint}"))
        return _INVALID
    return _dataclass(kinds[value["kind"]], value, path, problems)


def _sequence(arguments: tuple[Any, ...], value: object, path: str, problems: list[Problem]) -> Any:
    if not isinstance(value, list | tuple):
        problems.append(Problem(path, f"expected a list, found {value!r}"))
        return _INVALID
    return tuple(_value(arguments[0], x, f"{path}[{i}]", problems) for i, x in enumerate(value))


def _mapping(arguments: tuple[Any, ...], value: object, path: str, problems: list[Problem]) -> Any:
    if not isinstance(value, Mapping):
        problems.append(Problem(path, f"expected a table, found {value!r}"))
        return _INVALID
    return {
        str(key): _value(arguments[1], item, _join(path, str(key)), problems)
        for key, item in value.items()
    }


_READERS: dict[Any, Callable[[tuple[Any, ...], object, str, list[Problem]], Any]] = {
    Annotated: _bounded,
    Literal: _literal,
    Union: _union,
    UnionType: _union,
    tuple: _sequence,
    dict: _mapping,
}
"""What reads a generic type, from its arguments."""

_NAMES = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def _scalar(hint: Any, value: object, path: str, problems: list[Problem]) -> Any:
    if hint is Any:
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is hint and not (isinstance(value, float) and not math.isfinite(value)):
        return value
    expected = _NAMES.get(hint, str(hint))
    problems.append(Problem(path, f"expected {expected}, found {value!r}"))
    return _INVALID
