"""Files that the trainer wrote itself and reads back: as they were, or refused in one sentence.

They are written whole or not at all, so that a damaged one was damaged by a disk or by a hand.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.contract import tables
from edge.errors import EXIT_BAD_DATA, SerError

T = TypeVar("T")


class DamagedError(SerError, ValueError):
    """A file that the trainer keeps for itself is damaged, or somebody else's."""

    exit_code = EXIT_BAD_DATA


def damaged(path: Path, why: object, *, remedy: str) -> DamagedError:
    """Return the error to raise.

    Parameters
    ----------
    path : Path
    why : object
        What was found, as a sentence or as the error of who read it.
    remedy : str
        What to do now.
    """
    reason = " ".join(str(why).split()) or type(why).__name__
    return DamagedError(f"{path} is damaged, or not of ser-trainer ({reason}); {remedy}")


def read_text(path: Path, *, remedy: str) -> str:
    """Return the text of a file; raise `DamagedError` where it is none.

    The line ends stay as they are.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise damaged(path, f"no text in UTF-8: {error}", remedy=remedy) from error


def read_json(path: Path, *, remedy: str) -> Any:
    """Return the value of a JSON file; raise `DamagedError` where it is none."""
    text = read_text(path, remedy=remedy)
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise damaged(path, f"no JSON: {error}" if text else "empty", remedy=remedy) from error


def read_table(cls: type[T], path: Path, *, remedy: str) -> T:
    """Return the dataclass that a JSON file holds; raise `DamagedError` where it holds another."""
    told = read_json(path, remedy=remedy)
    try:
        return tables.from_table(cls, told, path=path.stem)
    except tables.TableError as error:
        raise damaged(path, error, remedy=remedy) from error


def read_rows(
    path: Path, columns: Collection[str], parse: Callable[[dict[str, str]], T], *, remedy: str
) -> list[T]:
    """Return the rows of a CSV file.

    Parameters
    ----------
    path : Path
    columns : collection of str
        That it must have; others may stand beside them.
    parse : callable
        Makes a value of a row, or raises a `ValueError` or `KeyError`.
    remedy : str

    Raises
    ------
    DamagedError
        With the line, where it is not the header.
    """
    text = read_text(path, remedy=remedy)
    try:
        return list(_parsed(_table(text, columns), parse))
    except (csv.Error, ValueError, KeyError) as error:
        raise damaged(path, error, remedy=remedy) from error


def read_arrays(content: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file by name.

    Raises
    ------
    ValueError
        If it is none, or damaged.
    """
    try:
        with np.load(io.BytesIO(content)) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, EOFError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"no arrays of NumPy: {error}") from error


def _table(text: str, columns: Collection[str]) -> csv.DictReader[str]:
    if not text.endswith("\n"):
        raise ValueError("cut off within a line" if text else "empty")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise ValueError(f"no column {', '.join(missing)}")
    return reader


def _parsed(reader: csv.DictReader[str], parse: Callable[[dict[str, str]], T]) -> Iterator[T]:
    for row in reader:
        if None in row or None in row.values():
            raise ValueError(f"line {reader.line_num}: another number of cells than the header")
        try:
            yield parse(row)
        except (ValueError, KeyError) as error:
            raise ValueError(f"line {reader.line_num}: {error}") from error


def only(row: dict[str, str], columns: Iterable[str]) -> dict[str, str]:
    """Return some cells of a row."""
    return {name: row[name] for name in columns}
