"""Put an end to what the last run left open, because the power or the program was gone."""

# ruff: noqa: S608 - the only names put into a statement are our own tables and columns

from __future__ import annotations

import sqlite3
from typing import Final

from edge.record.schema import transaction
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
