"""The log as the service writes it."""

# ruff: noqa: S608 - the only names put into a statement are our own tables and columns

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.decide.outcomes import Alert, Event
from edge.errors import RecordError
from edge.record.backlog import Backlog, Entry, OpenSession, Session, Statement, Value
from edge.record.damage import cause, is_damage, move_aside
from edge.record.minutes import MinuteSummary
from edge.record.moments import Clock, Moment, moment
from edge.record.recovery import END_LAST_EVENT, STOP_SESSION, mark_interrupted
from edge.record.retention import Retention, prune
from edge.record.schema import connect, transaction

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
                self._row("notes", at, {"kind": "start", "text": session.model}),
            )

    def end_session(self, at: Moment) -> None:
        """End the session cleanly: the state that lasts gets its duration."""
        with self._lock:
            self._commit(*self._leave_session(at))

    def record(self, event: Event, at: Moment) -> None:
        """Write that the decided state has changed; the state before gets its duration."""
        row: dict[str, Value] = {
            "at_sample": event.at_sample,
            "state": event.state,
            "confidence": _rounded(event.confidence),
            "probabilities": _rounded_json(event.probabilities),
            "level_dbfs": round(event.level_dbfs, 1),
            "inference_ms": round(event.inference_ms, 2),
        }
        with self._lock:
            end = Statement(END_LAST_EVENT, {"at_s": at.at_s, "interrupted": 0})
            self._commit(self._row("events", at, row, before=(end,)))
            self._prune_if_due(at)

    def record_alert(self, alert: Alert, at: Moment) -> None:
        """Write that an alarm has begun or ended."""
        row: dict[str, Value] = {
            "at_sample": alert.at_sample,
            "rule": alert.rule,
            "phase": alert.phase,
            "reason": alert.reason,
            "confidence": _rounded(alert.confidence),
        }
        with self._lock:
            self._commit(self._row("alerts", at, row))

    def record_minute(self, minute: MinuteSummary, at: Moment) -> None:
        """Write what a minute held."""
        row: dict[str, Value] = {
            "length_s": round(minute.length_s, 2),
            "states_s": _rounded_json(minute.states_s, n_digits=2),
            "speech_s": round(minute.speech_s, 2),
            "mean_level_dbfs": round(minute.mean_level_dbfs, 1),
            "max_level_dbfs": round(minute.max_level_dbfs, 1),
            "n_windows": minute.n_windows,
            "inference_ms_p95": round(minute.inference_ms_p95, 2),
            "n_lost": minute.n_lost,
        }
        with self._lock:
            self._commit(self._row("minutes", at, row))
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
            self._commit(self._row("notes", at, {"kind": kind, "text": text}))

    def flush(self) -> None:
        """Write what waits, if anything does."""
        with self._lock:
            self._commit()

    def close(self) -> None:
        """Give the file back; idempotent, and never raises.

        A session that was not ended is marked as interrupted by the next one.
        """
        with self._lock:
            with suppress(RecordError):
                self.flush()
            self._disconnect()

    def _row(
        self,
        table: str,
        at: Moment,
        values: Mapping[str, Value],
        *,
        before: tuple[Statement, ...] = (),
    ) -> Entry:
        session = self._session
        if session is None:
            raise RecordError(f"the log {self._path} has no session; begin one before writing")
        row = {
            "sequence": next(session.sequence),
            "time": at.time,
            "clock_synced": None if at.clock_synced is None else int(at.clock_synced),
            "at_s": round(at.at_s, 3),
            **values,
        }
        return Entry(session, (*before, _insert(table, row)))

    def _leave_session(self, at: Moment) -> tuple[Entry, ...]:
        if self._session is None:
            return ()
        values: dict[str, Value] = {"at_s": at.at_s, "time": at.time, "interrupted": 0}
        note = self._row("notes", at, {"kind": "stop", "text": ""})
        ending = (Statement(END_LAST_EVENT, values), Statement(STOP_SESSION, values))
        session, self._session = self._session, None
        return (Entry(session, (*note.statements, *ending)),)

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
        with transaction(connection):
            ids = self._backlog.write(connection)
        self._backlog.clear()
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
            self._connection = connect(self._path)
            mark_interrupted(self._connection)
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
            self._commit(
                self._row(
                    "notes",
                    moment(self._clock, at_s=at_s),
                    {"kind": "log", "text": text},
                )
            )

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
            raise self._unwritten(error) from error
        self._prune_at_s = at.at_s + (_PRUNE_ON_S if has_more else _PRUNE_EVERY_S)


def _insert(table: str, row: Mapping[str, Value]) -> Statement:
    columns = ", ".join(("session", *row))
    places = ", ".join(f":{name}" for name in ("session", *row))
    return Statement(f"INSERT INTO {table} ({columns}) VALUES ({places})", row)


def _rounded(value: float) -> float:
    return round(value, 4)


def _rounded_json(values: Mapping[str, float], *, n_digits: int = 4) -> str:
    rounded = {key: round(value, n_digits) for key, value in values.items()}
    return json.dumps(rounded, separators=(",", ":"))
