"""The words for alarms: what causes one, what happens to it, what outlives a restart.

An alarm is raised, sounds for a while, may be escalated, and stays open until somebody
acknowledges it or it ends by itself. `edge.decide.desk` decides all that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from edge.decide.alerts import ALL_CHANNELS, EVERY_DAY, AlertRule, Day, Escalation
from edge.decide.outcomes import Buzzer, Light, Severity

Phase = Literal["raised", "escalated", "quieted", "acknowledged", "ended"]

TROUBLE: Final = "trouble: "
"""How the rules of the program's own troubles begin; no ``[[alert]]`` rule may."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Instant:
    """One point in time, on both clocks."""

    monotonic_s: float
    """Seconds since this machine was started."""
    wall: datetime
    """With the local offset from UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmChange:
    """Something happened to an alarm; it goes to the log before anything is done with it."""

    alarm: str
    """Id of the alarm."""
    rule: str
    """Name of an ``[[alert]]`` rule, or ``trouble: deaf`` and the like."""
    phase: Phase
    severity: Severity
    reason: str
    who: str = ""
    """Who did it: ``button``, ``page: anna``, ``mqtt``, ``command line``; empty for the program."""
    note: str = ""
    confidence: float = 1.0
    step: int = 0
    """How many steps of its escalation have been taken; a reminder (``again: ...``) is
    ``escalated`` too, and takes none."""
    notify: tuple[str, ...] = ()
    """Channels that are to be told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenAlarm:
    """An alarm that nobody has answered yet."""

    id: str
    rule: str
    severity: Severity
    reason: str
    raised: Instant
    sounding: bool
    """Whether it is seen and heard in the room now."""
    light: Light = "none"
    buzzer: Buzzer = "none"
    step: int = 0
    confidence: float = 1.0
    told: tuple[str, ...] = ()
    """Channels that have been told of it, who are told its end too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskState:
    """What outlives a restart; monotonic times are of the boot that goes on (`in_this_boot`)."""

    open: tuple[OpenAlarm, ...] = ()
    """Light and buzzer are taken from the rules; what was sounding sounds again."""
    called: Mapping[str, Instant] = field(default_factory=dict)
    """When each rule raised its last alarm."""
    answered: frozenset[str] = frozenset()
    """Troubles whose newest alarm was acknowledged; they are silent until they are mended."""
    snoozed_until: Instant | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TroubleRule:
    """How somebody is called for one of the program's own troubles."""

    name: str
    """``trouble: deaf`` and the like, as in the causes."""
    cooldown_s: float = 3600.0
    sound_s: float = 60.0
    open_s: float = math.inf
    severity: Severity = "warning"
    days: tuple[Day, ...] = EVERY_DAY
    quiet_hours: tuple[str, ...] = ()
    light: Light = "none"
    buzzer: Buzzer = "none"
    notify: tuple[str, ...] = (ALL_CHANNELS,)
    escalate: tuple[Escalation, ...] = ()


Rule = AlertRule | TroubleRule


def in_this_boot(then: Instant, now: Instant, *, same_boot: bool, clocks_agree: bool) -> Instant:
    """Return an instant that was written down, with its monotonic time as this boot counts.

    Of another boot nobody knows how long the machine was off, unless the network had set the clock
    then and now. So it counts as if it had been when this boot began: what waits since then waits
    too long rather than too short.

    Parameters
    ----------
    then, now : Instant
    same_boot : bool
        Whether `then` is of this boot.
    clocks_agree : bool
        Whether the network had set the clock at both instants.
    """
    if same_boot:
        return then
    ago_s = (now.wall - then.wall).total_seconds() if clocks_agree else 0.0
    return Instant(monotonic_s=min(0.0, now.monotonic_s - ago_s), wall=then.wall)
