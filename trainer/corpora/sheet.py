"""Tables that people keep in CSV files: rows with their line numbers, and all faults at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import EXIT_BAD_DATA, SerError
from trainer.corpora.words import plain


class SheetError(SerError, ValueError):
    """A CSV file cannot be used; the message has every fault with its line."""

    exit_code = EXIT_BAD_DATA


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of a table."""

    line: int
    """Where it ends in the file, from 1."""
    cells: Mapping[str, str]
    """By the column's plain name, without outer spaces; empty where the row is short."""
    surplus: tuple[str, ...]
    """Cells that no column of the header stands for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What is wrong in one line."""

    line: int
    message: str


def refuse(path: Path, faults: Iterable[Fault]) -> None:
    """Raise where a table has faults.

    Raises
    ------
    SheetError
    """
    lines = [f"{path}:{fault.line}: {fault.message}" for fault in faults]
    if len(lines) == 1:
        raise SheetError(lines[0])
    if lines:
        raise SheetError("\n  ".join([f"{path} has {len(lines)} faults:", *lines]))


def columns(path: Path) -> frozenset[str]:
    """Return the plain names of a table's columns.

    Raises
    ------
    SheetError
        If it is no CSV in UTF-8.
    """
    return frozenset(_header(path, _reader(_text(path))))


def read(path: Path, *, required: Collection[str]) -> list[Row]:
    """Read a table with a header; commas, semicolons and tabs may separate its cells.

    Raises
    ------
    SheetError
        If it is no CSV in UTF-8, or its header lacks a required column.
    """
    reader = _reader(_text(path))
    refuse(path, _faults_of_header(_header(path, reader), required))
    try:
        return [_row(cells, line=reader.line_num) for cells in reader]
    except csv.Error as error:
        line = reader.reader.line_num
        raise SheetError(f"{path}:{line}: not CSV: {error}") from error


def _row(cells: dict[Any, Any], *, line: int) -> Row:
    surplus = tuple(cells.pop(None, ()))
    stripped = {name: cell.strip() for name, cell in cells.items()}
    return Row(line=line, cells=stripped, surplus=surplus)


def _header(path: Path, reader: csv.DictReader[str]) -> list[str]:
    try:
        names = [plain(name) for name in reader.fieldnames or ()]
    except csv.Error as error:
        raise SheetError(f"{path}:1: not CSV: {error}") from error
    reader.fieldnames = names
    return names


def _faults_of_header(names: list[str], required: Collection[str]) -> Iterator[Fault]:
    found = ", ".join(names) or "nothing"
    missing = ", ".join(name for name in required if name not in names)
    if missing:
        yield Fault(line=1, message=f"the header has no {missing}, found {found}")
    twice = ", ".join(sorted({name for name in names if name and names.count(name) > 1}))
    if twice:
        yield Fault(line=1, message=f"the header has {twice} twice, expected it once")


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SheetError(f"{path}:{line}: not UTF-8; save the file with that encoding") from error


def _reader(text: str) -> csv.DictReader[str]:
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    # Strict, because an open quotation mark would otherwise swallow the rest of the file.
    return csv.DictReader(
        io.StringIO(text, newline=""), restval="", delimiter=delimiter, strict=True
    )
