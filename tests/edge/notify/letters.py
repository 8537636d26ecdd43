"""A log with messages, channels that do as they are told, and a clock that is moved by hand."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from edge.errors import DeliveryError
from edge.notify.channels import Channel
from edge.record.log import EventLog
from edge.record.outbox import Message, Outbox
from tests.edge.record.samples import StoppedClock, begun, change, message


@dataclass
class Clock(StoppedClock):
    """Both clocks: the wall may jump, the other one never does."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def go_on(self, seconds: float) -> None:
        self.now_s += seconds
        self.wall += timedelta(seconds=seconds)


@dataclass
class FakeChannel(Channel):
    """Confirms what it gets, unless it is broken."""

    name: str = "mqtt"
    fault: str = ""
    refused: set[str] = field(default_factory=set)
    """Ids of messages that it cannot digest."""
    got: list[Message] = field(default_factory=list)
    n_asked: int = 0

    def deliver(self, message: Message) -> str:
        self.n_asked += 1
        if self.fault or message.message in self.refused:
            raise DeliveryError(self.fault or "it cannot digest this")
        self.got.append(message)
        return ""

    def prepare(self) -> None:
        pass

    @property
    def got_ids(self) -> list[str]:
        return [message.message for message in self.got]


def write(
    log: EventLog, clock: StoppedClock, *, channels: tuple[str, ...] = ("mqtt",)
) -> list[str]:
    """Raise an alarm, and return the ids of its messages."""
    raised = change(notify=channels)
    messages = [message(raised, channel=channel) for channel in channels]
    log.record_changes([raised], clock.at(0.0), messages=messages)
    return [made.message for made in messages]


def log_with(path: Path, clock: StoppedClock, n_alarms: int, **more: tuple[str, ...]) -> list[str]:
    """Make a log with so many alarms, and return the ids of their messages."""
    with closing(begun(path, clock)) as log:
        return [made for _ in range(n_alarms) for made in write(log, clock, **more)]


def waiting_ids(path: Path, channel: str = "mqtt") -> list[str]:
    with closing(Outbox(path)) as outbox:
        return [stored.id for stored in outbox.due(channel)]
