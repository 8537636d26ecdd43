"""What still has to be told to somebody outside, and what has been.

The log puts a message here within the transaction that writes the alarm's row. Whoever delivers
reads it from here and confirms it, in transactions of one row, so that the ears need not wait.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from os import stat_result
from pathlib import Path
from typing import Any, Final, TypeVar

from edge.contract.tables import TableError, from_table, to_table
from edge.decide.alarms import Phase
from edge.decide.outcomes import Severity
from edge.errors import RecordError
from edge.record.damage import FILE_ERRORS, cause
from edge.record.moments import rfc3339
from edge.record.schema import BUSY_TIMEOUT_S, SCHEMA_VERSION, check_version, is_empty, transaction

T = TypeVar("T")

_PAUSES: Final = 2.0
"""Rest after each change, as a multiple of the time that it took: the ears come first."""
_LONGEST_PAUSE_S: Final = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What one channel is told of one change of an alarm; its table is what stands in the log."""

    message: str
    """A UUID: whoever receives it twice can tell."""
    alarm: str
    rule: str
    phase: Phase
    severity: Severity
    reason: str
    room: str
    time: str
    """RFC 3339 with the local offset."""
    who: str = ""
    note: str = ""
    step: int = 0
    confidence: float = 1.0
    channel: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A message that waits."""

    message: Message
    n_attempts: int

    @property
    def id(self) -> str:
        """The message's UUID, which names it also in another file."""
        return self.message.message


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """What one channel has not taken yet."""

    n_messages: int
    oldest: str
    """When the oldest of them was written, RFC 3339."""
    failure: str
    """Why the newest that was tried could not be delivered; empty where none was."""


INSERT_MESSAGE: Final = """
    INSERT INTO outbox (message, channel, alarm, created, at_ms, body)
    VALUES (:message, :channel, :alarm, :created, :at_ms, :body)
    ON CONFLICT (message) DO NOTHING
"""
"""A commit whose end nobody saw is done again, and must not make a second message."""

_DUE: Final = """
    WITH due (id) AS (SELECT id FROM outbox WHERE confirmed IS NULL AND channel = ?)
    SELECT body, n_attempts FROM outbox
    WHERE id IN (SELECT id FROM due ORDER BY id LIMIT 100) OR id = (SELECT max(id) FROM due)
    ORDER BY id
"""
WAITING: Final = """
    SELECT channel, count(*),
        (SELECT created FROM outbox AS f WHERE f.channel = o.channel
            AND f.confirmed IS NULL ORDER BY f.id LIMIT 1),
        coalesce((SELECT failure FROM outbox AS f WHERE f.channel = o.channel
            AND f.confirmed IS NULL AND f.failure IS NOT NULL ORDER BY f.id DESC LIMIT 1), '')
    FROM outbox AS o WHERE confirmed IS NULL GROUP BY channel
"""


_NEWEST: Final = "SELECT coalesce(max(id), 0) FROM outbox"


def newest_message(connection: sqlite3.Connection) -> int:
    """Return the number of the newest message, confirmed or not; 0 where there is none."""
    (number,) = connection.execute(_NEWEST).fetchone()
    return int(number)


def by_channel(rows: Iterable[Sequence[Any]]) -> dict[str, Waiting]:
    """Return what `WAITING` finds."""
    return {
        channel: Waiting(n_messages=n, oldest=oldest, failure=failure)
        for channel, n, oldest, failure in rows
    }


def message_json(message: Message) -> str:
    """Return a message as the log has it."""
    return json.dumps(to_table(message), ensure_ascii=False)


class Outbox:
    """The messages of a log, as whoever delivers them sees them.

    The file is opened when it is needed, and anew where another lies in its place. A log that is
    not there, or that the ears have not brought to the present schema yet, has no messages. One
    object belongs to one thread.

    Parameters
    ----------
    path : Path
        The log. It is never made here.

    Raises
    ------
    RecordError
        In every method: the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._opened: stat_result | None = None

    def due(self, channel: str) -> list[Stored]:
        """Return what a channel has not confirmed, oldest first: a hundred, and the newest."""
        rows: list[tuple[str, int]] = self._ask(
            lambda c: c.execute(_DUE, (channel,)).fetchall(), []
        )
        return [
            Stored(message=message, n_attempts=n_attempts)
            for body, n_attempts in rows
            if (message := _message(body))
        ]

    def waiting(self) -> dict[str, Waiting]:
        """Return by channel what has not been confirmed; channels without any are left out."""
        return self._ask(lambda c: by_channel(c.execute(WAITING)), {})

    @property
    def newest(self) -> int:
        """The number of the newest message, confirmed or not; 0 where there is none.

        Another number than before says that there is something new, a smaller one too: then
        the file is another one.
        """
        return self._ask(newest_message, 0)

    def attempted(self, message: str) -> None:
        """Note that somebody tries to deliver a message, before it is sent."""
        self._change("n_attempts = n_attempts + 1", message)

    def confirm(self, message: str) -> None:
        """Note that the channel has taken a message: it is never sent there again."""
        now = rfc3339(datetime.now().astimezone())
        self._change("confirmed = coalesce(confirmed, :value), failure = NULL", message, now)

    def fail(self, message: str, why: str) -> None:
        """Note why a message could not be delivered."""
        self._change("failure = :value", message, why)

    def close(self) -> None:
        """Give the file back; idempotent. The next call of another method opens it anew."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _change(self, assignment: str, message: str, value: str = "") -> None:
        query = f"UPDATE outbox SET {assignment} WHERE message = :message"  # noqa: S608 - our own

        def update(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                began_s = time.monotonic()
                connection.execute(query, {"message": message, "value": value})
            # SQLite has no queue: who writes without a pause lets nobody else in.
            time.sleep(min(_LONGEST_PAUSE_S, _PAUSES * (time.monotonic() - began_s)))

        self._ask(update, None)

    def _ask(self, question: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        with self._told():
            connection = self._connected()
            return nothing if connection is None else question(connection)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except FILE_ERRORS as error:
            if isinstance(error, RecordError):
                raise
            self.close()
            raise RecordError(
                f"the messages in the log {self._path} cannot be read or written: {cause(error)}"
            ) from error

    def _connected(self) -> sqlite3.Connection | None:
        """Return a connection to the file that lies there now; None where it has no messages."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self.close()
            return None
        if self._opened is None or not _is_same(self._opened, found):
            self.close()
        if self._connection is None:
            self._connection = _open(self._path)
            self._opened = found
        return self._connection


def _message(body: str) -> Message | None:
    """Return a message, or None of one that this edge does not understand."""
    try:
        return from_table(Message, json.loads(body), path="")
    except (TableError, ValueError):
        return None


def _is_same(one: stat_result, other: stat_result) -> bool:
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _open(path: Path) -> sqlite3.Connection | None:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        if is_empty(connection) or check_version(connection, path) < SCHEMA_VERSION:
            connection.close()
            return None
        connection.execute("PRAGMA synchronous = FULL")
        # What the ears wrote is copied into the file by the ears.
        connection.execute("PRAGMA wal_autocheckpoint = 0")
    except BaseException:
        connection.close()
        raise
    return connection
