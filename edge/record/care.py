"""What people do about alarms, and what they say of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Deed = Literal["snoozed", "snooze ended", "muted", "unmuted", "mended"]
"""``mended``: a trouble that somebody had acknowledged is over; the note names it."""
Verdict = Literal["right", "wrong"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """Somebody has changed whether the room is listened to, or whether anybody is called."""

    action: Deed
    who: str
    """``button``, ``page: anna``, ``mqtt``, ``command line``; empty for the program."""
    note: str = ""
    until: datetime | None = None
    """The end of a snooze."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feedback:
    """Somebody who was there says whether the program was right."""

    verdict: Verdict
    heard_at: datetime
    """The moment that is judged."""
    who: str
    truth: str | None = None
    """What it really was, one of `edge.contract.labels.STATES`; None where nobody says."""
    alarm: str | None = None
    """The alarm that is judged; None where it is the state."""
    note: str = ""
