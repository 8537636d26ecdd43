"""How much the log may hold: by age and by size, removed in small steps.

What must stay, stays: the newest row of every table (so that ids never run backwards, and a state
that lasts keeps its row), the alarms that have not ended, and for `days` the messages that nobody
has taken.
By age everything goes alike. By size the states, minutes and notes go first: alarms, what people
did and said, and the sums of the calendar are small, and are kept for as long as `days` says.
"""

# ruff: noqa: S608 - the only names put into a statement are our own tables and columns

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from edge.record.moments import epoch_ms
from edge.record.schema import transaction
from edge.record.standing import CLOSED
from edge.record.tables import QUARTER_MS, TABLES

_STEP_ROWS: Final = 500
"""Rows a step may take from a table: some milliseconds of work on a Pi."""

_STEP_PAGES: Final = 500
_MAX_STEPS: Final = 20
"""Steps in one go; what is left over waits for the next."""

_SIZE_AFTER: Final = 0.95
"""Fill after a clean-up by size, so that the next one is not due at once."""

_BULK: Final = ("events", "minutes", "notes")
"""What fills a file."""

_QUARTERS_SHARE: Final = 0.25
_QUARTER_BYTES: Final = 32
"""Of the largest file, the sums may take so much; a row of them is about so long."""

_KEPT: Final = {
    "alerts": f""" AND NOT (monotonic_s IS NOT NULL AND NOT EXISTS (SELECT 1 FROM alerts AS later
        WHERE later.alarm = alerts.alarm AND later.phase IN {CLOSED!r}))"""
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """What the log may keep: rows of the last `days` days, in a file of `max_mb` (10^6 bytes)."""

    days: float
    max_mb: float


def prune(connection: sqlite3.Connection, retention: Retention, *, now: datetime | None) -> bool:
    """Remove what is too old, then the oldest until the file is small enough.

    Parameters
    ----------
    connection : sqlite3.Connection
        Open for writing, outside a transaction.
    retention : Retention
        The limits.
    now : datetime or None
        The time; None where the clock cannot be believed, then age counts for nothing.

    Returns
    -------
    bool
        Whether there is more to remove than was removed now.
    """
    oldest = None if now is None else now - timedelta(days=retention.days)
    n_steps = 0 if oldest is None else _prune_by_age(connection, oldest)
    n_steps = _prune_by_size(connection, retention.max_mb * 1e6, n_steps)
    if n_steps:
        _forget_empty_sessions(connection)
        _forget_messages(connection, oldest)
        _shrink(connection)
    return n_steps >= _MAX_STEPS


def _prune_by_age(connection: sqlite3.Connection, oldest: datetime) -> int:
    ends, n_steps = _ends_by_age(connection, oldest), 0
    while ends and n_steps < _MAX_STEPS and _remove_until(connection, ends):
        n_steps += 1
    return n_steps + _remove_old_sums(connection, epoch_ms(oldest))


def _prune_by_size(connection: sqlite3.Connection, limit_bytes: float, n_steps: int) -> int:
    """Go on until the file is small enough; return how many steps were made in all."""
    if _size_bytes(connection) <= limit_bytes:
        return n_steps
    n_steps += _remove_sums_beyond(connection, limit_bytes * _QUARTERS_SHARE)
    while n_steps < _MAX_STEPS and _size_bytes(connection) > limit_bytes * _SIZE_AFTER:
        if not _remove_until(connection, _ends_of_oldest(connection)):
            break
        n_steps += 1
    return n_steps


def _ends_by_age(connection: sqlite3.Connection, oldest: datetime) -> dict[str, int]:
    """Return for each table the last row that is too old.

    A row from before the clock was set proves nothing; it goes with its neighbours.
    """
    return {
        table: end
        for table in TABLES
        for (end,) in connection.execute(
            f"SELECT max(id) FROM {table} WHERE clock_synced IS NOT 0 AND at_ms < ?",
            (epoch_ms(oldest),),
        )
        if end is not None
    }


def _ends_of_oldest(connection: sqlite3.Connection) -> dict[str, int]:
    """Return for each table the last row of the oldest stretch of time.

    The stretch is as long as the oldest rows of the longest table reach; session and sequence
    tell the order, because the wall clock may have jumped.
    """
    longest = max(TABLES, key=lambda table: _n_rows(connection, table))
    tables = _BULK if longest in _BULK else TABLES
    order = connection.execute(
        f"SELECT session, sequence FROM {longest} ORDER BY id LIMIT 1 OFFSET ?",
        (max(min(_STEP_ROWS, _n_rows(connection, longest)) - 1, 0),),
    ).fetchone()
    if order is None:
        return {}
    return {table: _last_before(connection, table, order) for table in tables}


def _last_before(connection: sqlite3.Connection, table: str, order: tuple[int, int]) -> int:
    (end,) = connection.execute(
        "SELECT coalesce(max(id), 0) FROM"
        f" (SELECT id, session, sequence FROM {table} ORDER BY id LIMIT ?)"
        " WHERE (session, sequence) <= (?, ?)",
        (_STEP_ROWS, *order),
    ).fetchone()
    return int(end)


def _n_rows(connection: sqlite3.Connection, table: str) -> int:
    """Return the rows of a table, from its ids: only the oldest are ever removed."""
    (n,) = connection.execute(
        f"SELECT coalesce((SELECT max(id) FROM {table}) - (SELECT min(id) FROM {table}) + 1, 0)"
    ).fetchone()
    return int(n)


def _remove_until(connection: sqlite3.Connection, ends: dict[str, int]) -> int:
    """Remove at most a step's rows up to each table's end; return how many went."""
    n_removed = 0
    with transaction(connection):
        for table, end in ends.items():
            n_removed += connection.execute(
                f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE id <= ?"
                f" AND id < (SELECT max(id) FROM {table}){_KEPT.get(table, '')}"
                " ORDER BY id LIMIT ?)",
                (end, _STEP_ROWS),
            ).rowcount
    # As a script, because a plain statement without columns is taken for done after one page.
    connection.executescript(f"PRAGMA incremental_vacuum({_STEP_PAGES})")
    return n_removed


def _shrink(connection: sqlite3.Connection) -> None:
    """Let the file itself become shorter; a reader may hold that up until the next time."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _remove_old_sums(connection: sqlite3.Connection, oldest_ms: int) -> int:
    """Remove a step's sums that are too old; return how many steps it took, 0 or 1."""
    with transaction(connection):
        n_removed = connection.execute(
            "DELETE FROM quarters WHERE (start_ms, state) IN"
            " (SELECT start_ms, state FROM quarters WHERE start_ms < ? ORDER BY start_ms LIMIT ?)",
            (oldest_ms - QUARTER_MS, _STEP_ROWS),
        ).rowcount
    return int(n_removed > 0)


def _remove_sums_beyond(connection: sqlite3.Connection, limit_bytes: float) -> int:
    """Keep only the newest sums, as many as fit; return 0 or 1."""
    first = connection.execute(
        "SELECT start_ms FROM quarters ORDER BY start_ms DESC LIMIT 1 OFFSET ?",
        (int(limit_bytes / _QUARTER_BYTES),),
    ).fetchone()
    if first is None:
        return 0
    with transaction(connection):
        connection.execute("DELETE FROM quarters WHERE start_ms <= ?", first)
    return 1


def _forget_empty_sessions(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        connection.execute(
            "DELETE FROM sessions WHERE id < (SELECT min(first) FROM ("
            + " UNION ALL ".join(f"SELECT min(session) AS first FROM {t}" for t in TABLES)
            + "))"
        )


def _forget_messages(connection: sqlite3.Connection, oldest: datetime | None) -> None:
    """Remove messages whose alarm is gone, if they were taken, or are too old themselves."""
    with transaction(connection):
        connection.execute(
            "DELETE FROM outbox WHERE id < (SELECT max(id) FROM outbox)"
            " AND (confirmed IS NOT NULL OR at_ms < ?)"
            " AND NOT EXISTS (SELECT 1 FROM alerts WHERE alerts.alarm = outbox.alarm)",
            (None if oldest is None else epoch_ms(oldest),),
        )


def _size_bytes(connection: sqlite3.Connection) -> int:
    """Return what the rows take, without pages that only wait to be given back."""
    n_pages, n_free, page_bytes = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (n_pages - n_free) * page_bytes
