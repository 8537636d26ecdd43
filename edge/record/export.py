"""Rows of the log as JSON lines and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from edge.contract.labels import EMOTIONS, STATES
from edge.contract.tables import to_table
from edge.record.query import LogReader, Row, Selection

_SPREAD: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "probabilities": ("p_", EMOTIONS),
    "states_s": ("s_", STATES),
}
"""Fields that take one CSV column for each name: the columns' prefix, and the names."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would be calculated by a spreadsheet, whoever wrote it."""


def json_line(row: Row) -> str:
    """Return a row as one line of JSON; the keys are the fields of its class."""
    return json.dumps(to_table(row), ensure_ascii=False)


def csv_header(row_type: type[Row]) -> str:
    """Return the names of the columns of a kind of row as a line of CSV."""
    return _csv([column for f in fields(row_type) for column in _columns(f.name)])


def csv_line(row: Row) -> str:
    """Return a row as a line of CSV; a cell without a value is empty."""
    return _csv([cell for f in fields(row) for cell in _cells(f.name, getattr(row, f.name))])


def csv_lines(log: LogReader, row_type: type[Row], selection: Selection) -> Iterator[str]:
    """Yield the selected rows as lines of CSV under their header, as they are read."""
    yield csv_header(row_type)
    for row in log.rows(row_type, selection):
        yield csv_line(row)


def _csv(cells: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _columns(name: str) -> list[str]:
    if name not in _SPREAD:
        return [name]
    prefix, keys = _SPREAD[name]
    return [f"{prefix}{key}" for key in keys]


def _cells(name: str, value: Any) -> list[Any]:
    if name in _SPREAD and isinstance(value, Mapping):
        return [value.get(key) for key in _SPREAD[name][1]]
    if isinstance(value, tuple):
        return [" ".join(value)]
    if isinstance(value, str) and value.startswith(_FORMULA):
        return [f"'{value}"]
    return [int(value) if isinstance(value, bool) else value]
