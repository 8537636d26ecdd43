from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

from edge.decide.alarms import AlarmChange, DeskState, Instant, TroubleRule
from edge.decide.alerts import AlertRule, Escalation
from edge.decide.desk import AlarmDesk
from edge.decide.outcomes import CauseNow

RULE = AlertRule(
    name="help",
    cooldown_s=300.0,
    sound_s=60.0,
    open_s=3600.0,
    notify=("anna",),
    escalate=(
        Escalation(after_s=120.0, notify=("neighbour",)),
        Escalation(after_s=240.0, notify=("doctor",), light="double"),
    ),
)
DEAF = TroubleRule(name="trouble: deaf", cooldown_s=600.0)
SAD = CauseNow(reason="distress for 8 s of the last 20 s", confidence=0.8)
MUFFLED = CauseNow(reason="no sound for 60 s")


class Room:
    """A desk with a clock that the test moves; each turn is told as seconds and words."""

    def __init__(
        self,
        *rules: AlertRule,
        troubles: Iterable[TroubleRule] = (DEAF,),
        restored: DeskState | None = None,
        at_s: float = 1000.0,
    ) -> None:
        names = count(1)
        self.desk = AlarmDesk(
            rules or (RULE,), troubles, new_id=lambda: f"a{next(names)}", restored=restored
        )
        self.at_s = at_s
        self.began = datetime(2026, 11, 26, 12, tzinfo=UTC) - timedelta(seconds=at_s)
        self.changes: list[AlarmChange] = []

    @property
    def now(self) -> Instant:
        return Instant(monotonic_s=self.at_s, wall=self.began + timedelta(seconds=self.at_s))

    def pass_(self, seconds: float, **causes: CauseNow) -> list[tuple[float, str]]:
        """Let time pass, a second a turn; causes by the first word of their rule."""
        holding = {{"deaf": "trouble: deaf"}.get(name, name): c for name, c in causes.items()}
        told = []
        for _ in range(round(seconds)):
            self.at_s += 1.0
            changes = self.desk.turn(self.now, holding)
            self.changes += changes
            told += [(self.at_s - 1000.0, f"{c.rule} {c.phase}: {c.reason}") for c in changes]
        return told


def test_an_alarm_that_nobody_answers_is_escalated_and_ends_at_last() -> None:
    room = Room()
    assert room.pass_(10, help=SAD) == [(1.0, f"help raised: {SAD.reason}")]
    assert room.pass_(3700) == [
        (11.0, "help quieted: cause ended"),
        (121.0, f"help escalated: nobody answered for 120 s: {SAD.reason}"),
        (181.0, "help quieted: sounded for 60 s"),
        (241.0, f"help escalated: nobody answered for 240 s: {SAD.reason}"),
        (301.0, "help quieted: sounded for 60 s"),
        (3601.0, "help ended: nobody answered"),
    ]
    assert [(c.step, c.notify) for c in room.changes] == [
        (0, ("anna",)),
        (0, ()),
        (1, ("neighbour",)),
        (1, ()),
        (2, ("doctor",)),
        (2, ()),
        (2, ("anna", "neighbour", "doctor")),
    ]
    assert {c.alarm for c in room.changes} == {"a1"}
