"""What the tables of the log are made of."""

# ruff: noqa: S608 - the only names put into a statement are our own

from __future__ import annotations

from typing import Final

TABLES: Final = ("events", "alerts", "minutes", "notes", "actions", "feedback")
"""Every table with a row for something that happened; each has the columns of `_MOMENT`."""

QUARTER_MS: Final = 900_000
"""What is summed up in one row of `quarters`: local time is a multiple of it away from UTC."""

# Sequence counts the rows of a session over all tables: the true order, and a gap shows a loss.
_MOMENT: Final = """
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES sessions (id),
    sequence INTEGER NOT NULL,
    time TEXT NOT NULL,
    clock_synced INTEGER,
    at_s REAL NOT NULL,
    at_ms INTEGER NOT NULL DEFAULT 0,
"""

SESSIONS: Final = """CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL,
    started TEXT NOT NULL,
    stopped TEXT,
    interrupted INTEGER NOT NULL DEFAULT 0,
    version TEXT NOT NULL,
    model TEXT NOT NULL,
    thresholds TEXT NOT NULL
)"""

EVENTS: Final = f"""CREATE TABLE events ({_MOMENT}
    at_sample INTEGER NOT NULL,
    state TEXT NOT NULL,
    confidence REAL NOT NULL,
    duration_s REAL,
    interrupted INTEGER NOT NULL DEFAULT 0,
    probabilities TEXT NOT NULL,
    level_dbfs REAL NOT NULL,
    inference_ms REAL NOT NULL
)"""

# An alarm is the rows that bear its name in `alarm`: raised, escalated, ..., ended.
ALERTS: Final = f"""CREATE TABLE alerts ({_MOMENT}
    alarm TEXT NOT NULL,
    rule TEXT NOT NULL,
    phase TEXT NOT NULL,
    severity TEXT NOT NULL,
    reason TEXT NOT NULL,
    who TEXT NOT NULL,
    note TEXT NOT NULL,
    confidence REAL NOT NULL,
    step INTEGER NOT NULL,
    notify TEXT NOT NULL,
    monotonic_s REAL
)"""

MINUTES: Final = f"""CREATE TABLE minutes ({_MOMENT}
    length_s REAL NOT NULL,
    states_s TEXT NOT NULL,
    speech_s REAL NOT NULL,
    mean_level_dbfs REAL NOT NULL,
    max_level_dbfs REAL NOT NULL,
    n_windows INTEGER NOT NULL,
    inference_ms_p95 REAL NOT NULL,
    n_lost INTEGER NOT NULL
)"""

NOTES: Final = f"""CREATE TABLE notes ({_MOMENT}
    kind TEXT NOT NULL,
    text TEXT NOT NULL
)"""

ACTIONS: Final = f"""CREATE TABLE actions ({_MOMENT}
    action TEXT NOT NULL,
    who TEXT NOT NULL,
    note TEXT NOT NULL,
    until TEXT,
    monotonic_s REAL
)"""

FEEDBACK: Final = f"""CREATE TABLE feedback ({_MOMENT}
    alarm TEXT,
    heard_at TEXT NOT NULL,
    verdict TEXT NOT NULL,
    truth TEXT,
    who TEXT NOT NULL,
    note TEXT NOT NULL
)"""

OUTBOX: Final = """CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    message TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    alarm TEXT NOT NULL,
    created TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    body TEXT NOT NULL,
    n_attempts INTEGER NOT NULL DEFAULT 0,
    confirmed TEXT,
    failure TEXT
)"""

# Seconds of each state in each quarter of an hour of UTC; a state counts once it has ended.
QUARTERS: Final = """CREATE TABLE quarters (
    start_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (start_ms, state)
) WITHOUT ROWID"""

# With the state in it, a page of one state is found without a look at the events themselves.
INDEXES: Final = (
    "CREATE INDEX events_at_ms ON events (at_ms, state)",
    *(f"CREATE INDEX {table}_at_ms ON {table} (at_ms)" for table in TABLES[1:]),
    "CREATE INDEX alerts_alarm ON alerts (alarm)",
    "CREATE INDEX outbox_alarm ON outbox (alarm)",
    "CREATE INDEX outbox_waiting ON outbox (channel, id) WHERE confirmed IS NULL",
)

NEW_IN_2: Final = (ACTIONS, FEEDBACK, OUTBOX, QUARTERS)
"""Tables that version 1 did not have."""

STATEMENTS: Final = (SESSIONS, EVENTS, ALERTS, MINUTES, NOTES, *NEW_IN_2, *INDEXES)
"""What makes an empty file a log."""

ADD_TO_QUARTERS: Final = f"""
    WITH RECURSIVE pieces (start_ms, state, begin_ms, end_ms) AS (
        SELECT at_ms - at_ms % {QUARTER_MS}, state, at_ms,
            at_ms + CAST(round(duration_s * 1000) AS INTEGER)
        FROM events WHERE duration_s > 0 AND {{which}}
        UNION ALL
        SELECT start_ms + {QUARTER_MS}, state, begin_ms, end_ms
        FROM pieces WHERE start_ms + {QUARTER_MS} < end_ms
    )
    INSERT INTO quarters (start_ms, state, seconds)
    SELECT start_ms, state,
        sum(min(start_ms + {QUARTER_MS}, end_ms) - max(start_ms, begin_ms)) / 1000.0
    FROM pieces WHERE true GROUP BY start_ms, state
    ON CONFLICT (start_ms, state) DO UPDATE SET seconds = seconds + excluded.seconds
"""
"""Counts events that have ended; ``{which}`` stands for the condition that chooses them."""
