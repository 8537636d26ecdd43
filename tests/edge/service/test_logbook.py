from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from edge.decide.outcomes import Cause, Event, Scores, Signal
from edge.errors import RecordError
from edge.record.backlog import Session
from edge.record.care import Action, Feedback
from edge.record.log import EventLog
from edge.record.outbox import Message, Outbox
from edge.record.query import AlertRow, EventRow, LogReader, MinuteRow, NoteRow, Row, Selection
from edge.record.retention import Retention
from edge.service.happenings import AlarmNews, Happening
from edge.service.logbook import Logbook
from tests.edge.record.samples import SESSION, StoppedClock
from tests.fakes.alarms import change
from tests.fakes.panel import QUIET

RATE_HZ = 16000
MESSAGE = Message(
    message="m1",
    alarm="a1",
    rule="distress",
    phase="raised",
    severity="urgent",
    reason="sad",
    room="kitchen",
    time="2026-11-26T12:00:00.000+01:00",
    channel="family",
)


@dataclass
class Room:
    """A logbook whose stream and clock the test moves."""

    path: Path
    at_s: float = 0.0
    clock: StoppedClock = field(default_factory=StoppedClock)
    session: Session = SESSION
    sample_rate_hz: int = RATE_HZ
    steady_s: float = 100.0

    def __post_init__(self) -> None:
        self.book = Logbook(
            EventLog(self.path, clock=self.clock, retention=Retention(days=1, max_mb=1)),
            self,
            clock=self.clock,
            counts_minutes=True,
            monotonic=lambda: self.steady_s,
        )

    @property
    def n_seen(self) -> int:
        return round(self.at_s * self.sample_rate_hz)

    def hear(self, outcome: Happening, state: str = "sad") -> None:
        self.at_s = outcome.end_sample / RATE_HZ if isinstance(outcome, Scores) else self.at_s
        self.book.take(outcome, state=state)

    @property
    def messages(self) -> list[Message]:
        with closing(Outbox(self.path)) as outbox:
            return [stored.message for stored in outbox.due("family")]

    def rows(self, kind: type[Row]) -> list:
        with LogReader(self.path) as reader:
            return list(reader.rows(kind, Selection()))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path / "log.db")
    yield made
    made.book.close()


def scores(i: int) -> Scores:
    return Scores(
        start_sample=i * 8000,
        end_sample=(i + 1) * 8000,
        speech_s=1.0,
        level_dbfs=-30.0,
        is_speech=True,
        probabilities={"sad": 1.0},
        inference_ms=2.0,
    )


def signal(fault: str | None) -> Signal:
    return Signal(
        health="deaf" if fault else "listening",
        state="sad",
        confidence=0.6,
        speaking=False,
        alarm=None,
        fault=fault,
    )


def test_events_and_alerts_are_written_at_once(room: Room) -> None:
    room.hear(
        Event(
            at_sample=8000,
            state="sad",
            confidence=0.6,
            probabilities={"sad": 0.6},
            level_dbfs=-30.0,
            inference_ms=2.0,
        )
    )
    room.hear(Cause(at_sample=8000, rule="distress", phase="began", reason="sad", confidence=0.6))
    room.hear(AlarmNews(changes=(change(),), messages=(MESSAGE,)))
    (event,), (alert,) = room.rows(EventRow), room.rows(AlertRow)
    assert (event.state, event.duration_s) == ("sad", None)
    assert (alert.alarm, alert.rule, alert.phase) == ("a1", "distress", "raised")
    assert room.messages == [MESSAGE]


def test_what_people_did_and_said_is_written(room: Room) -> None:
    room.hear(Action(action="muted", who="button"))
    room.hear(Feedback(verdict="wrong", heard_at=room.clock.now(), who="page: anna", truth="calm"))
    with closing(sqlite3.connect(room.path)) as connection, connection:
        assert connection.execute("SELECT action, who FROM actions").fetchall() == [
            ("muted", "button")
        ]
        assert connection.execute("SELECT verdict, truth, who FROM feedback").fetchall() == [
            ("wrong", "calm", "page: anna")
        ]
    connection.close()


def test_what_could_not_be_written_is_written_a_second_later(room: Room) -> None:
    room.book.show(QUIET)
    with closing(sqlite3.connect(room.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordError):
            room.hear(AlarmNews(changes=(change(),), messages=(MESSAGE,)))
        other.execute("ROLLBACK")
    room.book.show(QUIET)
    assert not room.rows(AlertRow)  # not at each tenth of a second
    room.steady_s += 1.0
    room.book.show(QUIET)
    assert [row.alarm for row in room.rows(AlertRow)] == ["a1"]
    assert room.messages == [MESSAGE]


def test_windows_become_a_line_a_minute_and_the_rest_at_the_end(room: Room) -> None:
    for i in range(180):
        room.hear(scores(i))
    assert [row.n_windows for row in room.rows(MinuteRow)] == [120]
    room.book.close()
    assert sorted(row.n_windows for row in room.rows(MinuteRow)) == [60, 120]


def test_a_fault_is_noted_when_it_begins_and_when_it_is_over(room: Room) -> None:
    for fault in (None, "no microphone", "no microphone", None, None):
        room.book.show(signal(fault))
    texts = [row.text for row in room.rows(NoteRow) if row.kind == "microphone"]
    assert sorted(texts) == ["no microphone", "sound comes again"]


def test_closing_gives_the_last_state_its_duration(room: Room) -> None:
    room.hear(
        Event(
            at_sample=0,
            state="sad",
            confidence=0.6,
            probabilities={},
            level_dbfs=-30.0,
            inference_ms=2.0,
        )
    )
    room.at_s = 12.5
    room.book.close()
    (event,) = room.rows(EventRow)
    assert event.duration_s == 12.5


def event(state: str, at_sample: int) -> Event:
    return Event(
        at_sample=at_sample,
        state=state,
        confidence=0.6,
        probabilities={},
        level_dbfs=-30.0,
        inference_ms=2.0,
    )


def test_another_model_is_another_session_in_which_the_state_goes_on(room: Room) -> None:
    room.hear(event("sad", 0))
    for i in range(4):
        room.hear(scores(i))
    room.session = replace(SESSION, model="other 2 12345678")
    room.book.show(signal(None))
    room.hear(scores(4))
    room.at_s = 5.0
    room.book.close()
    first, second = sorted(room.rows(EventRow), key=lambda row: row.at_sample)
    assert (first.state, first.duration_s) == ("sad", 2.0)
    assert (second.state, second.at_sample, second.duration_s) == ("sad", 32000, 3.0)
    starts = [row.text for row in room.rows(NoteRow) if row.kind == "start"]
    assert set(starts) == {SESSION.model, "other 2 12345678"}
    assert [row.n_windows for row in room.rows(MinuteRow)] in ([4, 1], [1, 4])


@pytest.mark.parametrize("state", [None, "no_speech"])
def test_silence_does_not_go_on_as_an_event(room: Room, state: str | None) -> None:
    if state:
        room.hear(event("sad", 0))
        room.hear(event(state, 0))
    n_before = len(room.rows(EventRow))
    room.session = replace(SESSION)
    room.hear(scores(0))
    assert len(room.rows(EventRow)) == n_before
