"""Alarms from their beginning to their end, and who was told of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edge.record.moments import epoch_ms
from edge.record.outbox import WAITING, Waiting, by_channel
from edge.record.query import LogReader
from edge.record.rows import AlertRow, build
from edge.record.standing import CLOSED

_ALARMS: Final = """
    SELECT * FROM alerts WHERE alarm IN (
        SELECT alarm FROM alerts WHERE at_ms >= ? AND at_ms < ? AND phase = 'raised')
    ORDER BY id
"""
_ALARM: Final = "SELECT * FROM alerts WHERE alarm = ? ORDER BY id"
_DELIVERIES: Final = """
    SELECT channel, json_extract(body, '$.phase') AS phase, created, confirmed, n_attempts,
        coalesce(failure, '') AS failure
    FROM outbox WHERE alarm = ? ORDER BY id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmHistory:
    """An alarm and all that became of it."""

    alarm: str
    changes: tuple[AlertRow, ...]
    """Oldest first; there is one at least."""

    @property
    def rule(self) -> str:
        """The rule that raised it."""
        return self.changes[0].rule

    @property
    def reason(self) -> str:
        """Why it was raised."""
        return self.changes[0].reason

    @property
    def severity(self) -> str:
        """How bad it is, as it was said last."""
        return self.changes[-1].severity

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered it and it has not ended."""
        return not any(change.phase in CLOSED for change in self.changes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """What one channel was told of an alarm, and whether it knows."""

    channel: str
    phase: str
    created: str
    """RFC 3339."""
    confirmed: str | None
    """When the channel took it, RFC 3339; None while it waits."""
    n_attempts: int
    failure: str
    """Why it could not be delivered last; empty if it could, or nobody has tried."""


def alarms_between(log: LogReader, since: datetime, until: datetime) -> list[AlarmHistory]:
    """Return the alarms that were raised between two moments, oldest first."""
    changes: dict[str, list[AlertRow]] = {}
    for row in log.select(_ALARMS, (epoch_ms(since), epoch_ms(until))):
        changes.setdefault(row["alarm"], []).append(build(AlertRow, row))
    return [AlarmHistory(alarm=alarm, changes=tuple(rows)) for alarm, rows in changes.items()]


def alarm_history(log: LogReader, alarm: str) -> AlarmHistory | None:
    """Return one alarm, or None where the log does not know it."""
    rows = tuple(build(AlertRow, row) for row in log.select(_ALARM, (alarm,)))
    return AlarmHistory(alarm=alarm, changes=rows) if rows else None


def deliveries(log: LogReader, alarm: str) -> list[Delivery]:
    """Return what the channels were told of an alarm, oldest first."""
    return [Delivery(**dict(row)) for row in log.select(_DELIVERIES, (alarm,))]


def waiting(log: LogReader) -> dict[str, Waiting]:
    """Return by channel what has not been confirmed; as `Outbox.waiting`, without writing."""
    return by_channel(tuple(row) for row in log.select(WAITING))
