"""The log as others read it, while the service goes on writing."""

# ruff: noqa: S608 - the only names put into a statement are our own tables and columns

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Self, TypeVar

from edge.errors import NoInputError, RecordError
from edge.record.moments import rfc3339
from edge.record.schema import BUSY_TIMEOUT_S, check_version, is_empty


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What every row knows of its moment; the names are the keys of the exports."""

    TABLE: ClassVar[str]

    id: int
    session: int
    sequence: int
    """Order within the session over all kinds of rows; a gap shows a lost row."""
    time: str
    """RFC 3339 with the local offset of then."""
    clock_synced: bool | None
    """Whether the network had set the clock; None where that could not be known."""
    at_s: float
    """Position in the stream, seconds since the session began to listen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRow(Row):
    """A decided state."""

    TABLE = "events"

    at_sample: int
    state: str
    confidence: float
    duration_s: float | None
    """None while the state lasts."""
    interrupted: bool
    """Whether the run ended without a stop, so that the duration is what is known of it."""
    probabilities: dict[str, float]
    model: str
    level_dbfs: float
    inference_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRow(Row):
    """An alarm that began or ended."""

    TABLE = "alerts"

    at_sample: int
    rule: str
    phase: str
    reason: str
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class MinuteRow(Row):
    """What a minute held."""

    TABLE = "minutes"

    length_s: float
    states_s: dict[str, float]
    speech_s: float
    mean_level_dbfs: float
    max_level_dbfs: float
    n_windows: int
    inference_ms_p95: float
    n_lost: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteRow(Row):
    """Something about the program itself."""

    TABLE = "notes"

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionRow:
    """A stretch of listening with one model and one set of thresholds."""

    id: int
    boot_id: str
    started: str
    stopped: str | None
    interrupted: bool
    version: str
    model: str
    thresholds: dict[str, dict[str, float | str]]


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Which rows are wanted; every condition must hold."""

    since: datetime | None = None
    until: datetime | None = None
    states: tuple[str, ...] = ()
    """Only these states; all where empty. For events only."""
    after_id: int = 0
    newest: int | None = None
    """Only so many, the newest of them; all where None."""


_JSON: Final = ("probabilities", "states_s", "thresholds")
_BOOLEAN: Final = ("clock_synced", "interrupted")


class LogReader:
    """Reads a log; a context manager.

    Parameters
    ----------
    path : Path
        The file of the log.

    Raises
    ------
    NoInputError
        If there is no such file.
    RecordError
        If it cannot be read, here and in every method.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise _missing(path)
        self._path = path
        try:
            self._connection = _open_read_only(path)
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back; idempotent."""
        self._connection.close()

    def rows(self, row_type: type[R], selection: Selection) -> Iterator[R]:
        """Return the selected rows of a kind, oldest first.

        Parameters
        ----------
        row_type : type
            `EventRow`, `AlertRow`, `MinuteRow` or `NoteRow`.
        selection : Selection
            Which of them.
        """
        conditions, values = _conditions(selection)
        query = (
            f"SELECT t.*, s.model FROM {row_type.TABLE} AS t"
            f" LEFT JOIN sessions AS s ON s.id = t.session WHERE {conditions} ORDER BY t.id"
        )
        if selection.newest is not None:
            query = f"SELECT * FROM ({query} DESC LIMIT ?) ORDER BY id"
            values = (*values, selection.newest)
        return (_build(row_type, row) for row in self._execute(query, values))

    def sessions(self) -> list[SessionRow]:
        """Return every session that the log knows, oldest first."""
        rows = self._execute("SELECT * FROM sessions ORDER BY id", ())
        return [_build(SessionRow, row) for row in rows]

    def newest_id(self, row_type: type[Row]) -> int:
        """Return the id of the newest row of a kind, 0 where there is none."""
        query = f"SELECT coalesce(max(id), 0) AS id FROM {row_type.TABLE}"
        return int(next(self._execute(query, ()))["id"])

    def _execute(self, query: str, values: tuple[object, ...]) -> Iterator[sqlite3.Row]:
        try:
            # "yield from" would touch the cursor when a reader gives up after the connection.
            for row in self._connection.execute(query, values):  # noqa: UP028
                yield row
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: sqlite3.Error) -> RecordError:
        return RecordError(
            f"the log {self._path} cannot be read: {error}; "
            "see that you may read it and its folder, and that it is a log of ser-edge"
        )


def _missing(path: Path) -> NoInputError:
    return NoInputError(f"there is no log {path} yet; it begins when the service first listens")


def _open_read_only(path: Path) -> sqlite3.Connection:
    if path.with_name(path.name + "-wal").exists():
        return _connect(path, "mode=ro")
    # Nobody writes. Without this, SQLite would make files that the writer may later not own.
    return _connect(path, "mode=ro&immutable=1")


def _connect(path: Path, options: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?{options}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
    )
    connection.row_factory = sqlite3.Row
    try:
        _check(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if is_empty(connection):
        raise _missing(path)
    check_version(connection, path)


def _conditions(selection: Selection) -> tuple[str, tuple[object, ...]]:
    parts: list[tuple[str, tuple[object, ...]]] = [("t.id > ?", (selection.after_id,))]
    if selection.since is not None:
        parts.append(("julianday(t.time) >= julianday(?)", (rfc3339(selection.since),)))
    if selection.until is not None:
        parts.append(("julianday(t.time) < julianday(?)", (rfc3339(selection.until),)))
    if selection.states:
        places = ", ".join("?" for _ in selection.states)
        parts.append((f"t.state IN ({places})", selection.states))
    text = " AND ".join(condition for condition, _ in parts)
    return text, tuple(value for _, values in parts for value in values)


def _build(cls: type[Any], row: sqlite3.Row) -> Any:
    return cls(**{f.name: _decoded(f.name, row[f.name]) for f in fields(cls)})


def _decoded(name: str, value: Any) -> Any:
    if name in _JSON:
        return json.loads(value)
    if name in _BOOLEAN and value is not None:
        return bool(value)
    return value
