"""Put an end to what the last run left open, because the power or the program was gone."""

# ruff: noqa: S608 - the only names put into a statement are our own tables and columns

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from edge.record.damage import FILE_ERRORS
from edge.record.schema import read_only_uri, transaction
from edge.record.tables import ADD_TO_QUARTERS, TABLES

_LAST_EVENT: Final = "id = (SELECT max(id) FROM events) AND session = :session"

END_LAST_EVENT: Final = (
    "UPDATE events SET duration_s = round(max(:at_s - at_s, 0.0), 3), interrupted = :interrupted"
    f" WHERE {_LAST_EVENT}"
)
COUNT_LAST_EVENT: Final = ADD_TO_QUARTERS.format(which=_LAST_EVENT)
"""To be done right after `END_LAST_EVENT`."""
STOP_SESSION: Final = (
    "UPDATE sessions SET stopped = coalesce(:time, started), interrupted = :interrupted"
    " WHERE id = :session"
)

_RESCUED: Final = ("sessions", "alerts", "actions", "feedback", "outbox", "quarters")
"""What is small, and what somebody waits for; states and minutes stay in the damaged file."""


def mark_interrupted(connection: sqlite3.Connection) -> None:
    """End every open session, and its last state, at the last moment that is known of it."""
    for (session,) in connection.execute(
        "SELECT id FROM sessions WHERE stopped IS NULL"
    ).fetchall():
        at_s, time = _last_moment(connection, session)
        values = {"at_s": at_s, "time": time, "session": session, "interrupted": 1}
        with transaction(connection):
            connection.execute(END_LAST_EVENT, values)
            connection.execute(COUNT_LAST_EVENT, values)
            connection.execute(STOP_SESSION, values)


def rescue(damaged: Path, connection: sqlite3.Connection) -> None:
    """Copy alarms, messages and sums out of a damaged file, as far as it can be read.

    Parameters
    ----------
    damaged : Path
    connection : sqlite3.Connection
        The new file, with nothing in it yet: every row keeps its number.
    """
    with (
        closing(sqlite3.connect(read_only_uri(damaged), uri=True)) as source,
        transaction(connection),
    ):
        for table in _RESCUED:
            info = connection.execute(f"PRAGMA table_info({table})").fetchall()
            names = ", ".join(column[1] for column in info)
            places = ", ".join("?" for _ in info)
            connection.executemany(
                f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})",
                _readable(source, f"SELECT {names} FROM {table} NOT INDEXED"),
            )


def _readable(source: sqlite3.Connection, query: str) -> Iterator[tuple[object, ...]]:
    """Yield rows one by one: what comes before a broken page is taken."""
    with suppress(*FILE_ERRORS):
        yield from source.execute(query)


def _last_moment(connection: sqlite3.Connection, session: int) -> tuple[float, str | None]:
    """Return position and time of the newest row of a session."""
    rows = [
        row
        for table in TABLES
        for row in connection.execute(
            f"SELECT at_s, time FROM {table}"
            f" WHERE id = (SELECT max(id) FROM {table}) AND session = ?",
            (session,),
        )
    ]
    return max(rows, default=(0.0, None))
