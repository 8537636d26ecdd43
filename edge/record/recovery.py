"""Put an end to what the last run left open, because the power or the program was gone."""

# ruff: noqa: S608 - the only names put into a statement are our own tables and columns

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

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

_MESSAGE: Final = "message, channel, alarm, created, at_ms, body, n_attempts, failure"
_UNDELIVERED: Final = f"SELECT {_MESSAGE} FROM outbox NOT INDEXED WHERE confirmed IS NULL"
_TAKE_MESSAGE: Final = (
    f"INSERT INTO outbox ({_MESSAGE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (message) DO NOTHING"
)


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


def rescue_messages(damaged: Path, connection: sqlite3.Connection) -> int:
    """Copy what had not been delivered out of a damaged file, as far as it can be read.

    Returns
    -------
    int
        How many messages there were.
    """
    rows = _undelivered(damaged)
    with transaction(connection):
        connection.executemany(_TAKE_MESSAGE, rows)
    return len(rows)


def _undelivered(damaged: Path) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(read_only_uri(damaged), uri=True)) as connection,
    ):
        # One by one: what comes before a broken page is taken.
        rows.extend(connection.execute(_UNDELIVERED))
    return rows


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
