"""The log as others read it, while the service goes on writing."""

# ruff: noqa: S608 - the only names put into a statement are our own tables and columns

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from edge.errors import NoInputError, RecordError
from edge.record.damage import READ_ERRORS
from edge.record.moments import epoch_ms
from edge.record.rows import (
    ActionRow,
    AlertRow,
    EventRow,
    FeedbackRow,
    MinuteRow,
    NoteRow,
    Row,
    SessionRow,
    build,
)
from edge.record.schema import (
    BUSY_TIMEOUT_S,
    SCHEMA_VERSION,
    check_version,
    is_empty,
    read_only_uri,
)

__all__ = [
    "ActionRow",
    "AlertRow",
    "EventRow",
    "FeedbackRow",
    "LogReader",
    "MinuteRow",
    "NoteRow",
    "Row",
    "Selection",
    "SessionRow",
]

R = TypeVar("R", bound=Row)

Bound = tuple[object, ...]
Values = Sequence[object] | Mapping[str, object]

_ALWAYS_MS: Final = 2**62


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

    @property
    def span_ms(self) -> tuple[int, int]:
        """Beginning and end as the file counts."""
        return (
            -_ALWAYS_MS if self.since is None else epoch_ms(self.since),
            _ALWAYS_MS if self.until is None else epoch_ms(self.until),
        )

    @property
    def is_timed(self) -> bool:
        """Whether the time is bounded."""
        return not (self.since is None and self.until is None)


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
            self._connection = _connect(path)
        except READ_ERRORS as error:
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
        """Return the selected rows of a kind, in the order in which they were written.

        The newest of a time or of some states are chosen by the wall clock.

        Parameters
        ----------
        row_type : type
            `EventRow`, `AlertRow`, `MinuteRow`, `NoteRow`, `ActionRow` or `FeedbackRow`.
        selection : Selection
            Which of them.
        """
        if selection.newest is None:
            conditions, values = self._in_their_order(row_type, selection)
            query = f"{_rows_of(row_type)} WHERE {conditions} ORDER BY t.id"
        else:
            conditions, values, order = _newest(selection)
            inner = f"{_rows_of(row_type)} WHERE {conditions} ORDER BY {order} LIMIT ?"
            query, values = f"SELECT * FROM ({inner}) ORDER BY id", (*values, selection.newest)
        return (build(row_type, row) for row in self.select(query, values))

    def sessions(self) -> list[SessionRow]:
        """Return every session that the log knows, oldest first."""
        rows = self.select("SELECT * FROM sessions ORDER BY id")
        return [build(SessionRow, row) for row in rows]

    def newest_id(self, row_type: type[Row]) -> int:
        """Return the id of the newest row of a kind, 0 where there is none."""
        query = f"SELECT coalesce(max(id), 0) AS id FROM {row_type.TABLE}"
        return int(next(self.select(query))["id"])

    def select(self, query: str, values: Values = ()) -> Iterator[sqlite3.Row]:
        """Return what a statement finds; for the summaries of this room.

        Raises
        ------
        RecordError
            If the log cannot be read.
        """
        try:
            # "yield from" would touch the cursor when a reader gives up after the connection.
            for row in self._connection.execute(query, values):  # noqa: UP028
                yield row
        except READ_ERRORS as error:
            raise self._unreadable(error) from error

    def _in_their_order(self, row_type: type[Row], selection: Selection) -> tuple[str, Bound]:
        first, last = selection.after_id + 1, _ALWAYS_MS
        condition, values = _of_states(selection)
        if selection.is_timed:
            # The index finds between which rows to look; then they come in their own order.
            bounds = f"SELECT min(id), max(id) FROM {row_type.TABLE} WHERE at_ms >= ? AND at_ms < ?"
            lowest, highest = next(self.select(bounds, selection.span_ms))
            first, last = max(first, lowest or 1), highest or 0
            condition += " AND +t.at_ms >= ? AND +t.at_ms < ?"
            values = (*values, *selection.span_ms)
        return f"t.id BETWEEN ? AND ?{condition}", (first, last, *values)

    def _unreadable(self, error: Exception) -> RecordError:
        return RecordError(
            f"the log {self._path} cannot be read: {error}; "
            "see that you may read it and its folder, and that it is a log of ser-edge"
        )


def _rows_of(row_type: type[Row]) -> str:
    return (
        f"SELECT t.*, s.model FROM {row_type.TABLE} AS t"
        " LEFT JOIN sessions AS s ON s.id = t.session"
    )


def _newest(selection: Selection) -> tuple[str, Bound, str]:
    """Return conditions, values and order: by the wall clock where its index finds them faster."""
    condition, values = _of_states(selection)
    if not (selection.is_timed or selection.states):
        return f"t.id > ?{condition}", (selection.after_id, *values), "t.id DESC"
    return (
        f"t.at_ms >= ? AND t.at_ms < ? AND +t.id > ?{condition}",
        (*selection.span_ms, selection.after_id, *values),
        "t.at_ms DESC, t.id DESC",
    )


def _of_states(selection: Selection) -> tuple[str, Bound]:
    if not selection.states:
        return "", ()
    return f" AND t.state IN ({', '.join('?' for _ in selection.states)})", selection.states


def _missing(path: Path) -> NoInputError:
    return NoInputError(f"there is no log {path} yet; it begins when the service first listens")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        read_only_uri(path), uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
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
    if (version := check_version(connection, path)) < SCHEMA_VERSION:
        raise RecordError(
            f"the log {path} is of an older edge (schema version {version}); "
            "this edge renews it when its service starts: sudo systemctl start ser-edge"
        )
