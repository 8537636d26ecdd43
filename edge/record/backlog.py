"""Rows that are decided on, but not yet on the disk."""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Literal

from edge.record.moments import Moment

CAPACITY: Final = 2000
"""Entries that may wait; about a megabyte. Beyond it the oldest are dropped, and that is noted;
alarms and messages only when nothing else is left."""

_IMPOSSIBLE: Final = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    OverflowError,
    UnicodeEncodeError,
)

Value = str | float | int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """A number that a decision hung on, and who set it."""

    value: float
    set_by: Literal["model", "config"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A stretch of listening with one model and one set of thresholds."""

    version: str
    """Of this program."""
    model: str
    """Name, version and the head of the SHA-256: ``"ser-small 1.2.0 3fa94c01"``."""
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    boot_id: str = ""

    def thresholds_json(self) -> str:
        """Return the thresholds as an object of ``{"value": ..., "set_by": ...}``."""
        return json.dumps(
            {k: {"value": t.value, "set_by": t.set_by} for k, t in self.thresholds.items()}
        )


@dataclass(eq=False, slots=True)
class OpenSession:
    """A session that goes on; `id` is known once its row is in the file."""

    session: Session
    start: Moment
    id: int | None = None
    sequence: count[int] = field(default_factory=lambda: count(1))


@dataclass(frozen=True, slots=True)
class Statement:
    """One change to the file; ``:session`` in the text stands for the session's id."""

    sql: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Entry:
    """Statements that belong together: all are in the file, or none is."""

    session: OpenSession
    statements: tuple[Statement, ...]
    is_care: bool = False
    """Whether somebody was called, answered or judged: such entries are dropped last."""


class Backlog:
    """A bounded queue of entries, oldest first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._entries: deque[Entry] = deque()
        self.n_dropped = 0
        """Entries that were lost for want of room since the last `clear`."""
        self.n_impossible = 0
        """Entries of the last `write` that no table takes, such as a number that is none."""

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Queue an entry, dropping the oldest that matters least when there is no room."""
        self._entries.append(entry)
        if len(self._entries) > self._capacity:
            del self._entries[self._least()]
            self.n_dropped += 1

    def _least(self) -> int:
        return next((i for i, entry in enumerate(self._entries) if not entry.is_care), 0)

    def clear(self) -> None:
        """Forget everything: it is in the file."""
        self._entries.clear()
        self.n_dropped = 0

    def forget_ids(self) -> None:
        """Let every session be written anew, because the file is a new one."""
        for entry in self._entries:
            entry.session.id = None

    def write(self, connection: sqlite3.Connection) -> dict[OpenSession, int]:
        """Execute every entry within the caller's transaction; return the sessions' ids.

        The entries stay, and the sessions do not know their ids, until the caller has committed.
        """
        ids: dict[OpenSession, int] = {}
        self.n_impossible = 0
        for entry in self._entries:
            session = entry.session
            if session not in ids:
                ids[session] = session.id or _insert_session(connection, session)
            if not _is_taken(connection, entry, ids[session]):
                self.n_impossible += 1
        return ids


def _is_taken(connection: sqlite3.Connection, entry: Entry, session: int) -> bool:
    """Execute all statements of an entry; where one is impossible, none, or it would wait for ever.

    What else goes wrong is raised: the disk, another process.
    """
    connection.execute("SAVEPOINT entry")
    try:
        for statement in entry.statements:
            connection.execute(statement.sql, {**statement.values, "session": session})
    except _IMPOSSIBLE:
        connection.execute("ROLLBACK TO entry")
        return False
    finally:
        if connection.in_transaction:
            connection.execute("RELEASE entry")
    return True


def _insert_session(connection: sqlite3.Connection, opened: OpenSession) -> int:
    session = opened.session
    cursor = connection.execute(
        "INSERT INTO sessions (boot_id, started, version, model, thresholds)"
        " VALUES (?, ?, ?, ?, ?)",
        (
            session.boot_id,
            opened.start.time,
            session.version,
            session.model,
            session.thresholds_json(),
        ),
    )
    return int(cursor.lastrowid or 0)
