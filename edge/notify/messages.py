"""Messages in plain words, for somebody who has just been woken by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from edge.contract.tables import to_table
from edge.decide.alarms import TROUBLE
from edge.record.moments import rfc3339
from edge.record.outbox import Message

TEST: Final = "test"
"""Rule and alarm of a message that tests a channel."""
_LATE_S: Final = 120.0

_TEXTS: Final = {
    "raised": "{what} since {at}: {reason}. Nobody has answered yet.",
    "escalated": "Still nobody has answered at {at}. {What}: {reason}.",
    "quieted": "{what} is not heard any more since {at}: {reason}. Nobody has answered yet.",
    "acknowledged": "{who} answered at {at}: {what}.",
    "ended": "{what} ended at {at}: {reason}.",
}
_WHO: Final = {
    "button": "Somebody at the button",
    "mqtt": "Somebody by MQTT",
    "command line": "Somebody at the command line",
}
_LATE: Final = " Delivered late: it is {now} now."
_TEST: Final = "This is a test at {at}. Nobody needs to come."


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """A message for people."""

    title: str
    text: str
    is_late: bool


def words(message: Message, *, now: datetime) -> Words:
    """Return a message in words.

    Parameters
    ----------
    message : Message
    now : datetime
        The present, with its offset from UTC; what happened long before is said to come late.
    """
    then = datetime.fromisoformat(message.time)
    is_late = (now - then).total_seconds() > _LATE_S
    text = _TEST if is_test(message) else _TEXTS[message.phase]
    values = {
        "what": _what(message),
        "What": _capital(_what(message)),
        "at": _clock(then, now),
        "reason": _clause(message.reason),
        "who": _who(message.who),
    }
    late = _LATE.format(now=f"{now.astimezone(then.tzinfo):%H:%M}") if is_late else ""
    note = f" Note: {message.note}" if message.note else ""
    return Words(
        title=f"{message.room}: {message.rule}",
        text=_capital(text.format_map(values)) + note + late,
        is_late=is_late,
    )


def table(message: Message, *, now: datetime) -> dict[str, Any]:
    """Return a message for programs: its fields, and the words."""
    said = words(message, now=now)
    return {**to_table(message), "title": said.title, "text": said.text, "late": said.is_late}


def test_message(channel: str, *, room: str, now: datetime) -> Message:
    """Return a message that says that nobody needs to come."""
    return Message(
        message=str(uuid4()),
        alarm=TEST,
        rule=TEST,
        phase="raised",
        severity="notice",
        reason="somebody tries whether messages arrive",
        room=room,
        time=rfc3339(now),
        channel=channel,
    )


def is_test(message: Message) -> bool:
    """Return whether a message means nothing but itself."""
    return message.alarm == TEST


def _what(message: Message) -> str:
    if message.rule.startswith(TROUBLE):
        return f"trouble with the device ({message.rule.removeprefix(TROUBLE)})"
    return message.rule


def _who(who: str) -> str:
    way, _, name = who.partition(": ")
    return _capital(name) or _WHO.get(way, "Somebody")


def _clock(then: datetime, now: datetime) -> str:
    is_today = then.date() == now.astimezone(then.tzinfo).date()
    return f"{then:%H:%M}" if is_today else f"{then:%H:%M on %d %B %Y}"


def _clause(reason: str) -> str:
    return reason.strip().rstrip(".") or "no reason was given"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
