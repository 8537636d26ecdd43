"""The tables of the log, and the one place where the file is opened for writing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edge.errors import RecordError

SCHEMA_VERSION: Final = 1
"""``PRAGMA user_version`` of the files that this edge reads and writes."""

APPLICATION_ID: Final = 0x53455231
"""``PRAGMA application_id``, "SER1": tells our file from any other SQLite database."""

TABLES: Final = ("events", "alerts", "minutes", "notes")
"""Every table with a row for something that happened; each has the columns of `_MOMENT`."""

BUSY_TIMEOUT_S: Final = 5.0

_FILE_MODE: Final = 0o640
"""How people in a room sounded is theirs: the owner and the group may read, no one else."""

_WAL_LIMIT_BYTES: Final = 4 * 2**20

# Sequence counts the rows of a session over all tables: the true order, and a gap shows a loss.
_MOMENT: Final = """
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES sessions (id),
    sequence INTEGER NOT NULL,
    time TEXT NOT NULL,
    clock_synced INTEGER,
    at_s REAL NOT NULL,
"""

_SCHEMA: Final = (
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
    f"""CREATE TABLE events ({_MOMENT}
        at_sample INTEGER NOT NULL,
        state TEXT NOT NULL,
        confidence REAL NOT NULL,
        duration_s REAL,
        interrupted INTEGER NOT NULL DEFAULT 0,
        probabilities TEXT NOT NULL,
        level_dbfs REAL NOT NULL,
        inference_ms REAL NOT NULL
    )""",
    f"""CREATE TABLE alerts ({_MOMENT}
        at_sample INTEGER NOT NULL,
        rule TEXT NOT NULL,
        phase TEXT NOT NULL,
        reason TEXT NOT NULL,
        confidence REAL NOT NULL
    )""",
    f"""CREATE TABLE minutes ({_MOMENT}
        length_s REAL NOT NULL,
        states_s TEXT NOT NULL,
        speech_s REAL NOT NULL,
        mean_level_dbfs REAL NOT NULL,
        max_level_dbfs REAL NOT NULL,
        n_windows INTEGER NOT NULL,
        inference_ms_p95 REAL NOT NULL,
        n_lost INTEGER NOT NULL
    )""",
    f"""CREATE TABLE notes ({_MOMENT}
        kind TEXT NOT NULL,
        text TEXT NOT NULL
    )""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)


def connect(path: Path) -> sqlite3.Connection:
    """Open the log for writing, making it where there is none.

    Every commit reaches the disk before it returns (``synchronous=FULL``); a page is copied from
    the WAL into the file only about once in a thousand, which spares an SD card.

    Raises
    ------
    RecordError
        If the file is another program's, or of a newer edge.
    sqlite3.Error
        If SQLite cannot open, read or make the file, or finds it damaged.
    OSError
        If the folder or the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, _FILE_MODE))
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def is_empty(connection: sqlite3.Connection) -> bool:
    """Return whether the file has no table yet."""
    return _pragma(connection, "schema_version") == 0


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that is not ours, or newer than we know.

    Raises
    ------
    RecordError
        Naming the file and what was found.
    """
    version = _pragma(connection, "user_version")
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise RecordError(f"{path} is a database of another program; name another file for the log")
    if version > SCHEMA_VERSION:
        raise RecordError(
            f"the log {path} has schema version {version}, this edge knows up to {SCHEMA_VERSION}; "
            "install the newer edge again, or name another file for the log"
        )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing: commit at the end, take everything back when something fails."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    is_new = is_empty(connection)
    if is_new:
        # Only an empty file can still be told to give space back later.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    else:
        check_version(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 1000")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
    if is_new:
        _create(connection)
    else:
        _check_pages(connection)


def _create(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        for statement in _SCHEMA:
            connection.execute(statement)


def _check_pages(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        error = sqlite3.DatabaseError(str(verdict))
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
