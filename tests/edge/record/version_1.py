"""A log as the edge made it before alarms had a history: the statements are that edge's own."""

from __future__ import annotations

import sqlite3
from contextlib import closing

MOMENT = """
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES sessions (id),
    sequence INTEGER NOT NULL,
    time TEXT NOT NULL,
    clock_synced INTEGER,
    at_s REAL NOT NULL,
"""

STATEMENTS = (
    """CREATE TABLE sessions (
        id INTEGER PRIMARY KEY,
        boot_id TEXT NOT NULL,
        started TEXT NOT NULL,
        stopped TEXT,
        interrupted INTEGER NOT NULL DEFAULT 0,
        version TEXT NOT NULL,
        model TEXT NOT NULL,
        thresholds TEXT NOT NULL
    )""",
    f"""CREATE TABLE events ({MOMENT}
        at_sample INTEGER NOT NULL,
        state TEXT NOT NULL,
        confidence REAL NOT NULL,
        duration_s REAL,
        interrupted INTEGER NOT NULL DEFAULT 0,
        probabilities TEXT NOT NULL,
        level_dbfs REAL NOT NULL,
        inference_ms REAL NOT NULL
    )""",
    f"""CREATE TABLE alerts ({MOMENT}
        at_sample INTEGER NOT NULL,
        rule TEXT NOT NULL,
        phase TEXT NOT NULL,
        reason TEXT NOT NULL,
        confidence REAL NOT NULL
    )""",
    f"""CREATE TABLE minutes ({MOMENT}
        length_s REAL NOT NULL,
        states_s TEXT NOT NULL,
        speech_s REAL NOT NULL,
        mean_level_dbfs REAL NOT NULL,
        max_level_dbfs REAL NOT NULL,
        n_windows INTEGER NOT NULL,
        inference_ms_p95 REAL NOT NULL,
        n_lost INTEGER NOT NULL
    )""",
    f"""CREATE TABLE notes ({MOMENT}
        kind TEXT NOT NULL,
        text TEXT NOT NULL
    )""",
    "PRAGMA application_id = 1397051953",
    "PRAGMA user_version = 1",
)

SESSION = (
    "INSERT INTO sessions VALUES (1, '3c0b', '2026-11-20T23:10:05.123+01:00', NULL, 0,"
    " '0.1.0', 'small 1.2.0 3fa94c01', '{}')"
)
EVENT = (
    "INSERT INTO events VALUES (NULL, 1, ?, ?, 1, ?, ?, ?, 0.7, ?, 0, '{\"sad\":0.7}', -31.2, 3.46)"
)
ALERT = "INSERT INTO alerts VALUES (NULL, 1, ?, ?, 1, ?, ?, ?, ?, ?, 0.8)"


def write_version_1(path, *, events=(), alerts=()):
    """Make a log with events of (time, at_s, state, duration_s), alerts of (time, rule, ...)."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN")
        for statement in STATEMENTS:
            connection.execute(statement)
        connection.execute(SESSION)
        for n, (time, at_s, state, duration_s) in enumerate(events, start=1):
            connection.execute(EVENT, (n, time, at_s, round(16_000 * at_s), state, duration_s))
        for n, (time, rule, phase, reason) in enumerate(alerts, start=100_000_000):
            connection.execute(ALERT, (n, time, 0.0, 0, rule, phase, reason))
        connection.execute("COMMIT")
