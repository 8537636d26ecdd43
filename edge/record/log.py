"""The log as the service writes it."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from edge.decide.alarms import AlarmChange, DeskState
from edge.decide.outcomes import Alert, Event
from edge.errors import RecordError
from edge.record.backlog import Backlog, Entry, OpenSession, Session, Statement, Value
from edge.record.care import Action, Feedback
from edge.record.damage import cause, is_busy, is_damage, move_aside
from edge.record.entries import (
    message_row,
    of_action,
    of_change,
    of_event,
    of_feedback,
    of_minute,
    row,
)
from edge.record.minutes import MinuteSummary
from edge.record.moments import Clock, Moment, moment
from edge.record.outbox import Message, newest_message
from edge.record.recovery import COUNT_LAST_EVENT, END_LAST_EVENT, STOP_SESSION, mark_interrupted
from edge.record.retention import Retention, prune
from edge.record.schema import connect, patient_once, transaction
from edge.record.standing import desk_state

_LOGGER = logging.getLogger(__name__)

_PRUNE_EVERY_S: Final = 6 * 3600.0
_PRUNE_ON_S: Final = 60.0
"""Wait before going on with a clean-up that was too long for one go."""


class EventLog:
    """Writes what happened to an SQLite file, so that no power cut loses what was reported.

    Every method that writes returns once the row is on the disk. Where that fails, the row waits in
    memory, `RecordError` is raised, and every later call tries again with everything that waits;
    the caller tells the user and goes on listening. A damaged file is moved aside and a new one
    begun. The methods may be called from any thread.

    Parameters
    ----------
    path : Path
        The file; it is made when first written to.
    clock : Clock
        Dates what the log itself has to say.
    retention : Retention
        What is kept; the rest is removed now and then, after a row was written.
    """

    def __init__(self, path: Path, *, clock: Clock, retention: Retention) -> None:
        self._path = path
        self._clock = clock
        self._retention = retention
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._backlog = Backlog()
        self._session: OpenSession | None = None
        self._prune_at_s = 0.0
        self._newest_message = 0

    @property
    def n_waiting(self) -> int:
        """Rows that are not on the disk yet."""
        return len(self._backlog)

    def begin_session(self, session: Session, at: Moment) -> None:
        """Begin a stretch of listening; everything recorded from now on belongs to it.

        A session that still goes on is ended first, as at a clean stop.
        """
        with self._lock:
            ending = self._leave_session(at)
            self._session = OpenSession(session=session, start=at)
            self._prune_at_s = 0.0
            self._commit(
                *ending,
                self._entry(self._row("notes", at, {"kind": "start", "text": session.model})),
            )

    def end_session(self, at: Moment) -> None:
        """End the session cleanly: the state that lasts gets its duration."""
        with self._lock:
            self._commit(*self._leave_session(at))

    def record(self, event: Event, at: Moment) -> None:
        """Write that the decided state has changed; the state before gets its duration."""
        end: dict[str, Value] = {"at_s": at.at_s, "interrupted": 0}
        with self._lock:
            self._commit(
                self._entry(
                    Statement(END_LAST_EVENT, end),
                    Statement(COUNT_LAST_EVENT, {}),
                    self._row("events", at, of_event(event)),
                )
            )
            self._prune_if_due(at)

    def record_changes(
        self, changes: Sequence[AlarmChange], at: Moment, *, messages: Sequence[Message] = ()
    ) -> None:
        """Write what happened to alarms and who is to be told of it: all of it, or nothing."""
        with self._lock:
            rows = [self._row("alerts", at, of_change(change, at)) for change in changes]
            rows += [message_row(message, at) for message in messages]
            if rows:
                self._commit(self._entry(*rows, is_care=True))

    def record_action(self, action: Action, at: Moment) -> None:
        """Write that somebody has snoozed or muted, or ended that."""
        with self._lock:
            self._commit(self._entry(self._row("actions", at, of_action(action, at)), is_care=True))

    def record_feedback(self, feedback: Feedback, at: Moment) -> None:
        """Write that somebody says the program was right, or was not."""
        with self._lock:
            self._commit(
                self._entry(self._row("feedback", at, of_feedback(feedback)), is_care=True)
            )

    def record_alert(self, alert: Alert, at: Moment) -> None:
        """Write that an alarm has begun or ended."""
        change = AlarmChange(
            alarm=str(uuid5(NAMESPACE_OID, alert.rule)),
            rule=alert.rule,
            phase=alert.phase,
            severity="urgent",
            reason=alert.reason,
            confidence=alert.confidence,
        )
        self.record_changes([change], at)

    def record_minute(self, minute: MinuteSummary, at: Moment) -> None:
        """Write what a minute held."""
        with self._lock:
            self._commit(self._entry(self._row("minutes", at, of_minute(minute))))
            self._prune_if_due(at)

    def note(self, kind: str, text: str, at: Moment) -> None:
        """Write something about the program itself: a start, a stop, a fault and its end.

        Parameters
        ----------
        kind : str
            One word to search for: ``"microphone"``, ``"panel"``, ``"log"``.
        text : str
            What happened, for people.
        at : Moment
            When.
        """
        with self._lock:
            self._commit(self._entry(self._row("notes", at, {"kind": kind, "text": text})))

    def flush(self) -> None:
        """Write what waits, if anything does; cheap enough to be called each second."""
        with self._lock:
            self._commit()

    def desk_state(self, at: Moment, *, boot_id: str) -> DeskState:
        """Return where the alarms stood when the program ended.

        Parameters
        ----------
        at : Moment
            The present, with its monotonic time.
        boot_id : str
            The kernel's name of this boot.
        """
        with self._lock:
            try:
                return desk_state(self._connected(), at, boot_id=boot_id)
            except (sqlite3.Error, OSError) as error:
                if not is_damage(error):
                    raise self._unwritten(error) from error
                self._begin_anew(error)
                return desk_state(self._connected(), at, boot_id=boot_id)

    @property
    def newest_message(self) -> int:
        """Number of the newest message that is in the file; 0 where there is none."""
        return self._newest_message

    def close(self) -> None:
        """Give the file back; idempotent, and never raises.

        A session that was not ended is marked as interrupted by the next one.
        """
        with self._lock:
            with suppress(RecordError):
                self.flush()
            self._disconnect()

    def _row(self, table: str, at: Moment, values: Mapping[str, Value]) -> Statement:
        return row(table, self._going_on(), at, values)

    def _entry(self, *statements: Statement, is_care: bool = False) -> Entry:
        return Entry(self._going_on(), statements, is_care=is_care)

    def _going_on(self) -> OpenSession:
        if self._session is None:
            raise RecordError(f"the log {self._path} has no session; begin one before writing")
        return self._session

    def _leave_session(self, at: Moment) -> tuple[Entry, ...]:
        if self._session is None:
            return ()
        values: dict[str, Value] = {"at_s": at.at_s, "time": at.time, "interrupted": 0}
        entry = self._entry(
            self._row("notes", at, {"kind": "stop", "text": ""}),
            Statement(END_LAST_EVENT, values),
            Statement(COUNT_LAST_EVENT, {}),
            Statement(STOP_SESSION, values),
        )
        self._session = None
        return (entry,)

    def _commit(self, *entries: Entry) -> None:
        for entry in entries:
            self._backlog.add(entry)
        if not len(self._backlog):
            return
        try:
            self._write_backlog()
        except (sqlite3.Error, OSError) as error:
            if not is_damage(error):
                raise self._unwritten(error) from error
            self._begin_anew(error)

    def _write_backlog(self) -> None:
        connection = self._connected()
        n_dropped = self._backlog.n_dropped
        with patient_once(connection), transaction(connection):
            ids = self._backlog.write(connection)
        self._backlog.clear()
        self._newest_message = newest_message(connection)
        for session, row_id in ids.items():
            session.id = row_id
        if n_dropped and self._session is not None:
            self._say(f"{n_dropped} rows were lost while the log could not be written")

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None and not self._path.exists():
            # Somebody removed the file: rows would go on into a file without a name.
            self._disconnect()
            self._forget_ids()
        if self._connection is None:
            connection = connect(self._path)
            try:
                mark_interrupted(connection)
                self._newest_message = newest_message(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _begin_anew(self, error: Exception) -> None:
        self._disconnect()
        try:
            aside = move_aside(self._path, now=self._clock.now())
            self._forget_ids()
            self._write_backlog()
        except (sqlite3.Error, OSError) as again:
            raise self._unwritten(again) from again
        self._say(f"the log was damaged ({error}); it is kept as {aside}, and this one is new")

    def _forget_ids(self) -> None:
        self._backlog.forget_ids()
        if self._session is not None:
            self._session.id = None

    def _say(self, text: str) -> None:
        _LOGGER.warning("%s", text)
        if self._session is not None:
            at_s = self._session.start.at_s
            values: dict[str, Value] = {"kind": "log", "text": text}
            self._commit(self._entry(self._row("notes", moment(self._clock, at_s=at_s), values)))

    def _unwritten(self, error: Exception) -> RecordError:
        n = len(self._backlog)
        return RecordError(
            f"the log {self._path} cannot be written: {cause(error)} ({n} rows wait in memory)"
        )

    def _prune_if_due(self, at: Moment) -> None:
        if self._connection is None or at.at_s < self._prune_at_s:
            return
        now = None if at.clock_synced is False else at.wall
        try:
            has_more = prune(self._connection, self._retention, now=now)
        except sqlite3.Error as error:
            if not is_busy(error):
                raise self._unwritten(error) from error
            has_more = True
        self._prune_at_s = at.at_s + (_PRUNE_ON_S if has_more else _PRUNE_EVERY_S)
