"""From the first schema of the log to the second.

New in 2: UTC in milliseconds beside every time, alarms that have a name, a history and somebody
who answered, what people did and said, the outbox, and the sums from which a calendar is drawn.
"""

# ruff: noqa: S608 - the only names put into a statement are our own tables

from __future__ import annotations

import sqlite3
from typing import Final

from edge.record.tables import ADD_TO_QUARTERS, ALERTS, INDEXES, NEW_IN_2

_MOMENTS: Final = ("events", "minutes", "notes")
_AT_MS: Final = "CAST(round((julianday(time) - 2440587.5) * 86400000) AS INTEGER)"

# An alarm had no name then: it takes that of the row that began it. Every rule called alike.
_ALERTS: Final = f"""
    INSERT INTO alerts (id, session, sequence, time, clock_synced, at_s, at_ms, alarm, rule, phase,
        severity, reason, who, note, confidence, step, notify, monotonic_s)
    SELECT id, session, sequence, time, clock_synced, at_s, coalesce({_AT_MS}, 0),
        'before-' || coalesce((SELECT max(began.id) FROM former AS began
            WHERE began.rule = former.rule AND began.phase = 'raised' AND began.id <= former.id),
            id),
        rule, CASE WHEN reason = 'acknowledged' THEN 'acknowledged' ELSE phase END,
        'urgent', reason, '', '', confidence, 0, '[]', NULL
    FROM former
"""


def migrate(connection: sqlite3.Connection) -> None:
    """Change a file of version 1 within the caller's transaction."""
    for table in _MOMENTS:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 0")
        connection.execute(f"UPDATE {table} SET at_ms = coalesce({_AT_MS}, 0)")
    connection.execute("ALTER TABLE alerts RENAME TO former")
    connection.execute(ALERTS)
    connection.execute(_ALERTS)
    connection.execute("DROP TABLE former")
    for statement in (*NEW_IN_2, *INDEXES, ADD_TO_QUARTERS.format(which="true")):
        connection.execute(statement)
