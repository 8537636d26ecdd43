"""A clock that stands still until it is moved, and things that might happen in a room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from edge.contract.labels import EMOTIONS
from edge.decide.alarms import AlarmChange
from edge.decide.outcomes import Event
from edge.record.backlog import Session, Threshold
from edge.record.log import EventLog
from edge.record.minutes import MinuteSummary
from edge.record.moments import Clock, Moment
from edge.record.outbox import Message
from edge.record.retention import Retention

RATE_HZ = 16_000
BERLIN = timezone(timedelta(hours=1))
EVENING = datetime(2026, 11, 20, 23, 10, 5, 123_000, tzinfo=BERLIN)

BOOTED_S = 100.0
"""How long the machine had run when the stream began."""

SESSION = Session(
    version="0.1.0",
    model="small 1.2.0 3fa94c01",
    thresholds={
        "enter_confidence": Threshold(value=0.55, set_by="model"),
        "min_dwell_s": Threshold(value=2.0, set_by="config"),
    },
    boot_id="3c0b",
)


@dataclass
class StoppedClock(Clock):
    wall: datetime = EVENING
    synced: bool | None = True

    def now(self) -> datetime:
        return self.wall

    def is_synchronised(self) -> bool | None:
        return self.synced

    def at(self, at_s: float) -> Moment:
        """The moment `at_s` into a stream that began at `wall`."""
        wall = self.wall + timedelta(seconds=at_s)
        return Moment(wall=wall, clock_synced=self.synced, at_s=at_s, monotonic_s=BOOTED_S + at_s)


def event(state: str = "angry", *, at_s: float = 0.0) -> Event:
    confidence = 0.0 if state == "no_speech" else 0.72
    rest = (1.0 - confidence) / (len(EMOTIONS) - 1)
    return Event(
        at_sample=round(at_s * RATE_HZ),
        state=state,
        confidence=confidence,
        probabilities={e: confidence if e == state else rest for e in EMOTIONS}
        if confidence
        else {},
        level_dbfs=-31.25,
        inference_ms=3.4567,
    )


def change(phase: str = "raised", *, alarm: str = "a1", **fields: Any) -> AlarmChange:
    values: dict[str, Any] = {
        "rule": "distress",
        "severity": "urgent",
        "reason": "sad or angry for 12 s of the last 20 s",
        "confidence": 0.81,
        "notify": ("mqtt", "phone"),
    }
    return AlarmChange(alarm=alarm, phase=phase, **values | fields)


def message(of: AlarmChange, *, channel: str = "mqtt", number: int | None = None) -> Message:
    """A message of a change; each is another one unless it has a number."""
    return Message(
        message=str(uuid4() if number is None else UUID(int=number)),
        alarm=of.alarm,
        rule=of.rule,
        phase=of.phase,
        severity=of.severity,
        reason=of.reason,
        room="Anna's room",
        time="2026-11-20T23:10:05.123+01:00",
        who=of.who,
        note=of.note,
        step=of.step,
        confidence=of.confidence,
        channel=channel,
    )


def minute() -> MinuteSummary:
    return MinuteSummary(
        length_s=60.0,
        states_s={"no_speech": 41.5, "angry": 18.5},
        speech_s=18.5,
        mean_level_dbfs=-44.4,
        max_level_dbfs=-20.1,
        n_windows=240,
        inference_ms_p95=4.2,
        n_lost=0,
    )


def open_log(path: Path, clock: StoppedClock, *, days: float = 365, max_mb: float = 64) -> EventLog:
    return EventLog(path, clock=clock, retention=Retention(days=days, max_mb=max_mb))


def begun(path: Path, clock: StoppedClock, *, days: float = 365, max_mb: float = 64) -> EventLog:
    log = open_log(path, clock, days=days, max_mb=max_mb)
    log.begin_session(SESSION, clock.at(0.0))
    return log


def call(
    log: EventLog, clock: StoppedClock, *numbers: int, channels: tuple[str, ...] = ("mqtt",)
) -> list[Message]:
    """Raise an alarm for each number and tell the channels; return the messages."""
    sent = []
    for n in numbers:
        raised = change(alarm=f"a{n}")
        messages = [message(raised, channel=channel) for channel in channels]
        log.record_changes([raised], clock.at(float(n)), messages=messages)
        sent += messages
    return sent
