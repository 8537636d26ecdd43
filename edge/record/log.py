"""The log as the service writes it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.decide.alarms import AlarmChange, DeskState
from edge.decide.outcomes import Event
from edge.errors import RecordError
from edge.record.backlog import Entry, OpenSession, Session, Statement, Value
from edge.record.care import Action, Feedback
from edge.record.damage import is_busy
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
from edge.record.moments import Clock, Moment
from edge.record.outbox import Message
from edge.record.recovery import COUNT_LAST_EVENT, END_LAST_EVENT, STOP_SESSION
from edge.record.retention import Retention, prune
from edge.record.spool import Spool
from edge.record.standing import desk_state

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
        self._retention = retention
        self._lock = threading.RLock()
        self._spool = Spool(path, clock=clock)
        self._prune_at_s = 0.0

    @property
    def n_waiting(self) -> int:
        """Rows that are not on the disk yet."""
        return self._spool.n_waiting

    def begin_session(self, session: Session, at: Moment) -> None:
        """Begin a stretch of listening; everything recorded from now on belongs to it.

        A session that still goes on is ended first, as at a clean stop.
        """
        with self._lock:
            ending = self._leave_session(at)
            self._spool.session = OpenSession(session=session, start=at)
            self._prune_at_s = 0.0
            self._spool.commit(
                *ending,
                self._entry(self._row("notes", at, {"kind": "start", "text": session.model})),
            )

    def end_session(self, at: Moment) -> None:
        """End the session cleanly: the state that lasts gets its duration."""
        with self._lock:
            self._spool.commit(*self._leave_session(at))

    def record(self, event: Event, at: Moment) -> None:
        """Write that the decided state has changed; the state before gets its duration."""
        end: dict[str, Value] = {"at_s": at.at_s, "interrupted": 0}
        with self._lock:
            self._spool.commit(
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
                self._spool.commit(self._entry(*rows, is_care=True))

    def record_action(self, action: Action, at: Moment) -> None:
        """Write that somebody has snoozed or muted, or ended that."""
        with self._lock:
            self._spool.commit(
                self._entry(self._row("actions", at, of_action(action, at)), is_care=True)
            )

    def record_feedback(self, feedback: Feedback, at: Moment) -> None:
        """Write that somebody says the program was right, or was not."""
        with self._lock:
            self._spool.commit(
                self._entry(self._row("feedback", at, of_feedback(feedback)), is_care=True)
            )

    def record_minute(self, minute: MinuteSummary, at: Moment) -> None:
        """Write what a minute held."""
        with self._lock:
            self._spool.commit(self._entry(self._row("minutes", at, of_minute(minute))))
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
            self._spool.commit(self._entry(self._row("notes", at, {"kind": kind, "text": text})))

    def flush(self) -> None:
        """Write what waits, if anything does; cheap enough to be called each second."""
        with self._lock:
            self._spool.commit()

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
                return self._spool.read(lambda file: desk_state(file, at, boot_id=boot_id))
            except (ValueError, TypeError) as error:
                # What was rescued from a damaged file may be anything.
                raise RecordError(
                    f"what the log {self._path} says of alarms makes no sense: {error}; "
                    "none of them is open from now on"
                ) from error

    @property
    def newest_message(self) -> int:
        """Number of the newest message that is in the file; 0 where there is none."""
        return self._spool.newest_message

    def close(self) -> None:
        """Give the file back; idempotent, and never raises.

        A session that was not ended is marked as interrupted by the next one.
        """
        with self._lock:
            with suppress(RecordError):
                self.flush()
            self._spool.close()

    def _row(self, table: str, at: Moment, values: Mapping[str, Value]) -> Statement:
        return row(table, self._going_on(), at, values)

    def _entry(self, *statements: Statement, is_care: bool = False) -> Entry:
        return Entry(self._going_on(), statements, is_care=is_care)

    def _going_on(self) -> OpenSession:
        session = self._spool.session
        if session is None:
            raise RecordError(f"the log {self._path} has no session; begin one before writing")
        return session

    def _leave_session(self, at: Moment) -> tuple[Entry, ...]:
        if self._spool.session is None:
            return ()
        values: dict[str, Value] = {"at_s": at.at_s, "time": at.time, "interrupted": 0}
        entry = self._entry(
            self._row("notes", at, {"kind": "stop", "text": ""}),
            Statement(END_LAST_EVENT, values),
            Statement(COUNT_LAST_EVENT, {}),
            Statement(STOP_SESSION, values),
        )
        self._spool.session = None
        return (entry,)

    def _prune_if_due(self, at: Moment) -> None:
        connection = self._spool.connection
        if connection is None or at.at_s < self._prune_at_s:
            return
        now = None if at.clock_synced is False else at.wall
        try:
            has_more = prune(connection, self._retention, now=now)
        except sqlite3.Error as error:
            if not is_busy(error):
                raise self._spool.unwritten(error) from error
            has_more = True
        self._prune_at_s = at.at_s + (_PRUNE_ON_S if has_more else _PRUNE_EVERY_S)
