"""Writes what happens into the local log: states, alarms, minutes, and the program's troubles."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Final, Protocol

from edge.contract.labels import NO_SPEECH
from edge.decide.outcomes import Event, Scores, Signal
from edge.errors import RecordError
from edge.record.backlog import Session
from edge.record.care import Action, Feedback
from edge.record.log import EventLog
from edge.record.minutes import MinuteTally
from edge.record.moments import Clock, Moment, moment
from edge.service.happenings import AlarmNews, Happening

RETRY_S: Final = 1.0
"""From one attempt to write what waits to the next."""


class Stream(Protocol):
    """What is listened to, and with what."""

    @property
    def session(self) -> Session:
        """The model and the thresholds; another object once another model listens."""

    @property
    def n_seen(self) -> int:
        """Position in samples, at `sample_rate_hz`."""

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the model that listens."""


class Logbook:
    """The listener that remembers.

    A session goes on for as long as one model listens. A state that lasts beyond it is written
    into the next session too, as its first event.

    Parameters
    ----------
    log : EventLog
    stream : Stream
    clock : Clock
    counts_minutes : bool
        Whether each minute gets a line.
    keeps_alarms : bool
        Whether alarms are written: of two processes with one log only one may, or the other's
        alarms would be open for ever.
    monotonic : callable
        Seconds.
    """

    def __init__(
        self,
        log: EventLog,
        stream: Stream,
        *,
        clock: Clock,
        counts_minutes: bool,
        keeps_alarms: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._stream = stream
        self._clock = clock
        self._counts_minutes = counts_minutes
        self._keeps_alarms = keeps_alarms
        self._monotonic = monotonic
        self._retry_at_s = 0.0
        self._fault: str | None = None
        self._state: Event | None = None
        self._session: Session | None = None
        self._tally: MinuteTally | None = None
        self._follow_stream()

    def take(self, outcome: Happening, *, state: str) -> None:
        """Write what must be remembered, count a window."""
        self._follow_stream()
        if isinstance(outcome, Scores):
            if self._tally:
                self._count(outcome, self._tally, state)
        elif isinstance(outcome, Event):
            self._state = outcome
            self._log.record(outcome, self._now())
        else:
            self._take_care(outcome)

    def show(self, signal: Signal) -> None:
        """Write down a fault of the microphone when it begins, and when it is over.

        What could not be written is tried again each second: there may be messages in it.
        """
        self._follow_stream()
        self._try_again()
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

    def _take_care(self, outcome: Happening) -> None:
        if isinstance(outcome, AlarmNews) and self._keeps_alarms:
            self._log.record_changes(outcome.changes, self._now(), messages=outcome.messages)
        elif isinstance(outcome, Action):
            self._log.record_action(outcome, self._now())
        elif isinstance(outcome, Feedback):
            self._log.record_feedback(outcome, self._now())

    def _try_again(self) -> None:
        now_s = self._monotonic()
        if now_s >= self._retry_at_s:
            self._retry_at_s = now_s + RETRY_S
            self._log.flush()

    def _follow_stream(self) -> None:
        """Begin a session where another model has begun to listen."""
        session = self._stream.session
        if session is self._session:
            return
        # The rows wait in memory if they cannot be written; the next call says so.
        with suppress(RecordError), ExitStack() as steps:
            if self._state and self._state.state != NO_SPEECH:
                going_on = replace(self._state, at_sample=self._stream.n_seen)
                steps.callback(lambda: self._log.record(going_on, self._now()))
            steps.callback(lambda: self._log.begin_session(session, self._now()))
            if self._session:
                steps.callback(self._finish_minute)
            self._session = session
        if self._counts_minutes:
            self._tally = MinuteTally(
                sample_rate_hz=self._stream.sample_rate_hz, start_sample=self._stream.n_seen
            )

    def _count(self, scores: Scores, tally: MinuteTally, state: str) -> None:
        summary = tally.feed(scores, state=state)
        if summary:
            self._log.record_minute(summary, self._now())

    def _finish_minute(self) -> None:
        summary = self._tally.finish() if self._tally else None
        if summary:
            self._log.record_minute(summary, self._now())

    def _now(self) -> Moment:
        return moment(self._clock, at_s=self._stream.n_seen / self._stream.sample_rate_hz)
