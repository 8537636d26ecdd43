"""The file of those who may look: people, their sessions, tokens, and one secret.

It lies apart from the log, which it must not slow down, and which others may read.
"""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from edge.errors import RecordError, SerError

FILE: Final = "dashboard.db"

_APPLICATION_ID: Final = 0x53455244
"""``PRAGMA application_id``, "SERD"."""
_VERSION: Final = 1
_MODE: Final = 0o600
_BUSY_TIMEOUT_S: Final = 5.0
_SECRET_BYTES: Final = 32

_SCHEMA: Final = (
    """CREATE TABLE people (
        name TEXT PRIMARY KEY COLLATE NOCASE,
        role TEXT NOT NULL,
        password TEXT NOT NULL,
        created_s INTEGER NOT NULL
    )""",
    """CREATE TABLE sessions (
        key TEXT PRIMARY KEY,
        name TEXT NOT NULL COLLATE NOCASE
            REFERENCES people (name) ON DELETE CASCADE ON UPDATE CASCADE,
        used_s INTEGER NOT NULL
    )""",
    """CREATE TABLE tokens (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        role TEXT NOT NULL,
        created_s INTEGER NOT NULL,
        used_s INTEGER
    )""",
    "CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)


class Database:
    """See the module's text. Made when it is first opened, readable by its owner alone.

    Parameters
    ----------
    path : Path
        ``dashboard.db`` in the state directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for one transaction, which is kept if nothing is raised.

        Raises
        ------
        RecordError
            If the file cannot be read, written or made.
        """
        try:
            with closing(self._connect()) as connection, connection:
                yield connection
        except SerError:  # some are OSErrors too
            raise
        except (sqlite3.Error, OSError) as error:
            raise self._unusable(error) from error

    def secret(self, name: str) -> bytes:
        """Return random bytes of this device, made at the first call and the same ever after."""
        with self.open() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO secrets VALUES (?, ?)",
                (name, secrets.token_bytes(_SECRET_BYTES)),
            )
            query = "SELECT value FROM secrets WHERE name = ?"
            return bytes(connection.execute(query, (name,)).fetchone()["value"])

    def _connect(self) -> sqlite3.Connection:
        self._make_file()
        connection = sqlite3.connect(self.path, timeout=_BUSY_TIMEOUT_S)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_file(self) -> None:
        with suppress(FileExistsError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _MODE))
            self._leave_to_service()

    def _leave_to_service(self) -> None:
        """What root makes belongs to whom the folder belongs to, or the service could not read."""
        if os.geteuid() == 0:
            owner = self.path.parent.stat()
            os.chown(self.path, owner.st_uid, owner.st_gid)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if _pragma(connection, "user_version") == 0:
            _create(connection)
        if _pragma(connection, "application_id") != _APPLICATION_ID:
            raise RecordError(f"{self.path} is a database of another program; move it away")
        version = _pragma(connection, "user_version")
        if version > _VERSION:
            raise RecordError(
                f"{self.path} has schema version {version}, this program knows up to {_VERSION}; "
                "install the newer program again"
            )

    def _unusable(self, error: Exception) -> RecordError:
        is_full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        remedy = (
            "make room on the disk"
            if is_full or getattr(error, "errno", None) == errno.ENOSPC
            else "do this as the service's user: sudo -u ser-edge ser-edge ..."
        )
        return RecordError(
            f"the people of the page are in {self.path}, which cannot be used: {error}; {remedy}"
        )


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        if _pragma(connection, "user_version") == 0:  # nobody was faster
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return
            for statement in _SCHEMA:
                connection.execute(statement)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
