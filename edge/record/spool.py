"""Gets what is to be written onto the disk, at once or later, whatever becomes of the file."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from edge.errors import RecordError
from edge.record.backlog import Backlog, Entry, OpenSession
from edge.record.damage import FILE_ERRORS, cause, is_damage, move_aside
from edge.record.entries import row
from edge.record.moments import Clock, moment
from edge.record.outbox import newest_message
from edge.record.recovery import mark_interrupted, rescue
from edge.record.schema import connect, patient_once, transaction

_LOGGER = logging.getLogger(__name__)

T = TypeVar("T")


class Spool:
    """The file of the log and the entries that wait for it.

    Parameters
    ----------
    path : Path
        The file; it is made when first written to.
    clock : Clock
        Dates what is said of the file itself.
    """

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._has_marked = False
        """Whether what the last run left open has been ended."""
        self._backlog = Backlog()
        self.session: OpenSession | None = None
        """The session that goes on."""
        self.newest_message = 0
        """Number of the newest message that is in the file; 0 where there is none."""

    @property
    def n_waiting(self) -> int:
        """Entries that are not on the disk yet."""
        return len(self._backlog)

    @property
    def connection(self) -> sqlite3.Connection | None:
        """The open file; None where nothing could be written yet."""
        return self._connection

    def commit(self, *entries: Entry) -> None:
        """Write entries and all that waits.

        Raises
        ------
        RecordError
            If they must wait, or wait on.
        """
        for entry in entries:
            self._backlog.add(entry)
        if self.n_waiting:
            self._attempt(self._write)

    def read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Return what the file says.

        Raises
        ------
        RecordError
            If it cannot be read.
        """
        return self._attempt(lambda: question(self._connected()))

    def unwritten(self, error: Exception) -> RecordError:
        """Return what to tell the user."""
        waits = f"({self.n_waiting} rows wait in memory)"
        if isinstance(error, RecordError):
            return RecordError(f"{error} {waits}")
        return RecordError(f"the log {self._path} cannot be written: {cause(error)} {waits}")

    def close(self) -> None:
        """Give the file back; idempotent, and never raises."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _attempt(self, work: Callable[[], T]) -> T:
        """Do something with the file; where that is damaged, with a new one."""
        try:
            return work()
        except FILE_ERRORS as error:
            if not is_damage(error):
                raise self.unwritten(error) from error
            return self._begin_anew(error, work)

    def _write(self) -> None:
        connection = self._connected()
        with patient_once(connection), transaction(connection):
            ids = self._backlog.write(connection)
        n_dropped = self._backlog.n_dropped + self._backlog.n_impossible
        self._backlog.clear()
        self.newest_message = newest_message(connection)
        for session, row_id in ids.items():
            session.id = row_id
        if n_dropped:
            self._say(f"{n_dropped} rows were lost: the log could not be written, or not with them")

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None and not self._path.exists():
            # Somebody removed the file: rows would go on into a file without a name.
            self.close()
            self._forget_ids()
        if self._connection is None:
            self._connection = connect(self._path)
            self._has_marked = False
        if not self._has_marked:
            # Tried again by itself where another process writes: opening reads the whole file.
            with patient_once(self._connection):
                mark_interrupted(self._connection)
            self._has_marked = True
            self.newest_message = newest_message(self._connection)
        return self._connection

    def _begin_anew(self, error: Exception, work: Callable[[], T]) -> T:
        self.close()
        try:
            aside = move_aside(self._path, now=self._clock.now())
            self._forget_ids()
            self._rescue(aside)
            result = work()
        except FILE_ERRORS as again:
            raise self.unwritten(again) from again
        self._say(f"the log was damaged ({error}); it is kept as {aside}, and this one is new")
        return result

    def _rescue(self, aside: Path) -> None:
        """Take over what somebody waits for; what cannot be read is lost."""
        with suppress(*FILE_ERRORS):
            rescue(aside, self._connected())
        # The session that the damage cut off has come along.
        self._has_marked = False

    def _forget_ids(self) -> None:
        self._backlog.forget_ids()
        if self.session is not None:
            self.session.id = None

    def _say(self, text: str) -> None:
        _LOGGER.warning("%s", text)
        if self.session is not None:
            now = moment(self._clock, at_s=self.session.start.at_s)
            note = row("notes", self.session, now, {"kind": "log", "text": text})
            self.commit(Entry(self.session, (note,)))
