"""Writes what happens into the local log: events, alerts, minutes, and the program's troubles."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress

from edge.decide.outcomes import Alert, Event, Outcome, Scores, Signal
from edge.errors import RecordError
from edge.record.backlog import Session
from edge.record.log import EventLog
from edge.record.minutes import MinuteTally
from edge.record.moments import Clock, Moment, moment


class Logbook:
    """The listener that remembers.

    Parameters
    ----------
    log : EventLog
    session : Session
        What listens, with which thresholds.
    clock : Clock
    position_s : callable
        Position in the stream, in seconds.
    tally : MinuteTally or None
        Counts for the minute summaries; None leaves them out.
    """

    def __init__(
        self,
        log: EventLog,
        *,
        session: Session,
        clock: Clock,
        position_s: Callable[[], float],
        tally: MinuteTally | None,
    ) -> None:
        self._log = log
        self._clock = clock
        self._position_s = position_s
        self._tally = tally
        self._fault: str | None = None
        with suppress(RecordError):  # the rows wait in memory; the next call says so
            self._log.begin_session(session, self._now())

    def take(self, outcome: Outcome, *, state: str) -> None:
        """Write an event or an alert, count a window."""
        if isinstance(outcome, Event):
            self._log.record(outcome, self._now())
        elif isinstance(outcome, Alert):
            self._log.record_alert(outcome, self._now())
        elif self._tally:
            self._count(outcome, self._tally, state)

    def show(self, signal: Signal) -> None:
        """Write down a fault of the microphone when it begins, and when it is over."""
        if signal.fault == self._fault or signal.health == "stopped":
            return
        self._fault = signal.fault
        self._log.note("microphone", signal.fault or "sound comes again", self._now())

    def close(self) -> None:
        """Write the rest and end the session."""
        with ExitStack() as steps:  # the last is done first, and each whatever the others do
            steps.callback(self._log.close)
            steps.callback(lambda: self._log.end_session(self._now()))
            steps.callback(self._finish_minute)

    def _count(self, scores: Scores, tally: MinuteTally, state: str) -> None:
        summary = tally.feed(scores, state=state)
        if summary:
            self._log.record_minute(summary, self._now())

    def _finish_minute(self) -> None:
        summary = self._tally.finish() if self._tally else None
        if summary:
            self._log.record_minute(summary, self._now())

    def _now(self) -> Moment:
        return moment(self._clock, at_s=self._position_s())
