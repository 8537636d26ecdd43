"""A year in the log, made within seconds: what the summaries and the pages are measured with.

    write_year(path, until=datetime.now().astimezone())      # a million events

By day somebody talks, by night it is quiet, and each day there are some alarms. Every week the
program begins anew; the last session goes on. The same arguments give the same year.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from edge.contract.labels import EMOTIONS, NO_SPEECH, UNCERTAIN
from edge.record.moments import epoch_ms, rfc3339
from edge.record.outbox import Message, message_json
from edge.record.schema import connect, transaction
from edge.record.tables import ADD_TO_QUARTERS

SESSION_DAYS = 7
AWAKE_FROM_H, AWAKE_TO_H = 7, 22
ALARM_HOURS = (9, 12, 20)
CHANNELS = ("mqtt", "phone")
REASON = "sad or angry for 12 s of the last 20 s"

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000

# What is heard in turn, each as often as it stands here, and silence after each.
_HEARD = (
    *("neutral", "calm", UNCERTAIN, "neutral", "happy", "sad", "neutral", "calm", "angry"),
    *("neutral", UNCERTAIN, "calm", "happy", "fearful", "neutral", "calm", UNCERTAIN, "sad"),
    *("neutral", "happy", "surprised", "calm", "neutral", "disgusted", UNCERTAIN),
)

# Every place of a day has its own share of it, and begins somewhere within that.
_AT = """(:begin + ({i}) / :per_day * 86400000 + 25200000 + ({i}) % :per_day * :step
    + (({i}) * 2654435761 + 12345) % :step)"""
_TIME = "strftime('%Y-%m-%dT%H:%M:%f', {at} / 1000.0, 'unixepoch') || '+00:00'"
_EVENTS = f"""
    WITH RECURSIVE places (i) AS (
        SELECT 0 UNION ALL SELECT i + 1 FROM places WHERE i + 1 < :n),
    starts (i, at, following) AS (
        SELECT i, {_AT.format(i="i")}, {_AT.format(i="i + 1")} FROM places)
    INSERT INTO events
    SELECT i + 1, (at - :begin) / :session_ms + 1, i, {_TIME.format(at="at")}, 1,
        (at - :begin) % :session_ms / 1000.0, at, 0, state, confidence,
        CASE WHEN following < :until THEN (following - at) / 1000.0 END, 0, probabilities,
        -31.2, 3.46
    FROM starts JOIN heard ON k = CASE WHEN i % 2 THEN i / 2 * 7 % {len(_HEARD)} ELSE -1 END
    WHERE at < :until ORDER BY i
"""
_MINUTES = f"""
    WITH RECURSIVE ends (i, at) AS (
        SELECT 1, :begin + 60000
        UNION ALL SELECT i + 1, at + 60000 FROM ends WHERE at + 60000 < :until)
    INSERT INTO minutes
    SELECT i, (at - :begin) / :session_ms + 1, i, {_TIME.format(at="at")}, 1,
        (at - :begin) % :session_ms / 1000.0, at, 60.0, '{{"no_speech":41.5,"angry":18.5}}', 18.5,
        -44.4, -20.1, 120, 4.2, 0
    FROM ends
"""


def write_year(
    path: Path,
    *,
    until: datetime,
    n_events: int = 1_000_000,
    n_days: int = 365,
    has_minutes: bool = True,
) -> None:
    """Make a log that ends at `until`; its last state lasts.

    Parameters
    ----------
    path : Path
        Where no log is yet.
    until : datetime
        The present in the year's own zone; there the days begin.
    n_events, n_days : int
        So many states, about, in so many local days, the present one among them.
    has_minutes : bool
    """
    today = until.replace(hour=0, minute=0, second=0, microsecond=0)
    begin = today - timedelta(days=n_days - 1)
    per_day = -(-n_events // n_days)
    values = {
        "begin": epoch_ms(begin),
        "until": epoch_ms(until),
        "per_day": per_day,
        "step": (AWAKE_TO_H - AWAKE_FROM_H) * _HOUR_MS // per_day,
        "n": per_day * n_days,
        "session_ms": SESSION_DAYS * _DAY_MS,
    }
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        with transaction(connection):
            _write_sessions(connection, begin, n_days)
            _write_words(connection)
            connection.execute(_EVENTS, values)
            if has_minutes:
                connection.execute(_MINUTES, values)
            for day in range(n_days):
                _write_alarms(connection, begin + timedelta(days=day), until, day)
            connection.execute(ADD_TO_QUARTERS.format(which="true"))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _write_sessions(connection: sqlite3.Connection, begin: datetime, n_days: int) -> None:
    for number, day in enumerate(range(0, n_days, SESSION_DAYS), start=1):
        start, end = begin + timedelta(days=day), begin + timedelta(days=day + SESSION_DAYS)
        stopped = rfc3339(end) if day + SESSION_DAYS < n_days else None
        session = (number, "3c0b", rfc3339(start), stopped, 0, "0.1.0", "small 1.2.0", "{}")
        connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", session)
        note = (number, 0, rfc3339(start), 1, 0.0, epoch_ms(start), "start", "small 1.2.0")
        connection.execute("INSERT INTO notes VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", note)


def _write_words(connection: sqlite3.Connection) -> None:
    """Write what events say into a table that lies in memory alone."""
    connection.execute(
        "CREATE TEMP TABLE heard (k INTEGER PRIMARY KEY, state, confidence, probabilities)"
    )
    rows = [(-1, NO_SPEECH, 0.0, "{}")]
    for k, state in enumerate(_HEARD):
        shares = {e: 0.72 if e == state else 0.04 for e in EMOTIONS}
        rows.append((k, state, 0.72, json.dumps(shares, separators=(",", ":"))))
    connection.executemany("INSERT INTO heard VALUES (?, ?, ?, ?)", rows)


def _write_alarms(
    connection: sqlite3.Connection, begin: datetime, until: datetime, day: int
) -> None:
    session, session_day = divmod(day, SESSION_DAYS)
    for hour in ALARM_HOURS:
        raised = begin + timedelta(hours=hour)
        if raised + timedelta(minutes=5) >= until:
            return
        for phase, who, after_s in _PHASES:
            at = raised + timedelta(seconds=after_s)
            at_s = session_day * 86_400.0 + hour * 3600.0 + after_s
            told = () if phase == "quieted" else CHANNELS
            name = f"alarm-{day}-{hour}"
            connection.execute(
                f"INSERT INTO alerts VALUES (NULL, {', '.join('?' * 17)})",
                (
                    *(session + 1, day, rfc3339(at), 1, at_s, epoch_ms(at), name, "distress"),
                    *(phase, "urgent", REASON, who, "", 0.81, 0, json.dumps(told), at_s),
                ),
            )
            for channel in told:
                _write_message(connection, name, phase, channel, at)


_PHASES = (("raised", "", 0), ("quieted", "", 60), ("acknowledged", "page: anna", 95))


def _write_message(
    connection: sqlite3.Connection, name: str, phase: str, channel: str, at: datetime
) -> None:
    message = Message(
        message=f"{name}-{phase}-{channel}",
        alarm=name,
        rule="distress",
        phase=phase,
        severity="urgent",
        reason=REASON,
        room="Anna's room",
        time=rfc3339(at),
        channel=channel,
    )
    time = message.time
    row = (message.message, channel, name, time, epoch_ms(at), message_json(message), 1, time)
    connection.execute("INSERT INTO outbox VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", row)
