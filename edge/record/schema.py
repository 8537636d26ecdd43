"""The tables of the log, and the one place where the file is opened for writing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edge.errors import RecordError
from edge.record.damage import is_busy
from edge.record.migration import migrate
from edge.record.tables import STATEMENTS

SCHEMA_VERSION: Final = 2
"""``PRAGMA user_version`` of the files that this edge writes; it reads older ones, too."""

APPLICATION_ID: Final = 0x53455231
"""``PRAGMA application_id``, "SER1": tells our file from any other SQLite database."""

BUSY_TIMEOUT_S: Final = 5.0
"""Patience of a reader, and of who delivers: they may wait for one another."""
EARS_TIMEOUT_S: Final = 0.25
"""Patience of the ears: what cannot be written by then waits in memory."""
_SHORT_TIMEOUT_S: Final = 0.01

_FILE_MODE: Final = 0o640
"""How people in a room sounded is theirs: the owner and the group may read, no one else."""

_WAL_LIMIT_BYTES: Final = 4 * 2**20


def connect(path: Path) -> sqlite3.Connection:
    """Open the log for writing, making it where there is none, and renewing an older one.

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
        path, timeout=EARS_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def read_only_uri(path: Path) -> str:
    """Return what SQLite opens so that it neither changes the file nor puts others beside it."""
    if path.with_name(path.name + "-wal").exists():
        return f"{path.resolve().as_uri()}?mode=ro"
    # Nobody writes. Without this, SQLite would make files that the writer may later not own.
    return f"{path.resolve().as_uri()}?mode=ro&immutable=1"


def is_empty(connection: sqlite3.Connection) -> bool:
    """Return whether the file has no table yet."""
    return _pragma(connection, "schema_version") == 0


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema's version; refuse a database that is not ours, or newer than we know.

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
    return version


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


@contextmanager
def patient_once(connection: sqlite3.Connection) -> Iterator[None]:
    """Wait long for another writer only once: after a vain wait, shortly until a write succeeds.

    So a process that was stopped while it held the file costs the ears one wait and not one each
    time.
    """
    try:
        yield
    except sqlite3.Error as error:
        if is_busy(error):
            _wait_for(connection, _SHORT_TIMEOUT_S)
        raise
    _wait_for(connection, EARS_TIMEOUT_S)


def _wait_for(connection: sqlite3.Connection, timeout_s: float) -> None:
    connection.execute(f"PRAGMA busy_timeout = {round(timeout_s * 1000)}")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    is_new = is_empty(connection)
    version = SCHEMA_VERSION
    if is_new:
        # Only an empty file can still be told to give space back later.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    else:
        version = check_version(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 1000")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
    if is_new:
        _create(connection)
    else:
        _check_pages(connection)
    if version < SCHEMA_VERSION:
        _renew(connection, path)


def _create(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        for statement in STATEMENTS:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _renew(connection: sqlite3.Connection, path: Path) -> None:
    """Bring an older file to the present schema; killed in the middle, it stays as it was."""
    _refuse_without_room(path)
    with transaction(connection):
        # Another process may have been faster.
        if _pragma(connection, "user_version") < SCHEMA_VERSION:
            migrate(connection)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _refuse_without_room(path: Path) -> None:
    """Fail at once where the disk cannot hold the file twice: each try would take long."""
    disk = os.statvfs(path.parent)
    if disk.f_bavail * disk.f_frsize < 2 * path.stat().st_size:
        error = sqlite3.OperationalError("no room to renew the log")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error


def _check_pages(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        error = sqlite3.DatabaseError(str(verdict))
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
