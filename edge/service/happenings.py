"""What the listeners are told: what follows from the sound, from an alarm, and from people."""

from __future__ import annotations

from dataclasses import dataclass

from edge.decide.alarms import AlarmChange
from edge.decide.outcomes import Outcome
from edge.record.care import Action, Feedback
from edge.record.outbox import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmNews:
    """What has happened to alarms at one time, and who is to be told of it."""

    changes: tuple[AlarmChange, ...]
    messages: tuple[Message, ...] = ()


Happening = Outcome | AlarmNews | Action | Feedback
