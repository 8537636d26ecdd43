"""Alarms around a runner whose configuration is a list of rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from edge.config.settings import Config
from edge.decide.alarms import AlarmChange
from edge.decide.alerts import AlertRule
from edge.record.moments import Clock, SystemClock
from edge.service.alarms import AlarmKeeper
from edge.service.ears import Ears
from edge.service.runner import Tell


@dataclass
class Wall:
    """A wall clock, and a monotonic one, that the test moves."""

    now_s: float = 1000.0
    began: datetime = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    synchronised: bool | None = True

    def monotonic(self) -> float:
        return self.now_s

    def now(self) -> datetime:
        return self.began + timedelta(seconds=self.now_s - 1000.0)

    def is_synchronised(self) -> bool | None:
        return self.synchronised


class Watched:
    """A keeper that looks at ears, as `edge.app.care` wires them."""

    def __init__(self, ears: Ears, rules: Sequence[AlertRule], clock: Clock | None = None) -> None:
        self.keeper = AlarmKeeper(Config(alert=tuple(rules)), clock=clock or SystemClock())
        self._ears = ears

    def attend(self, tell: Tell) -> None:
        if self.keeper.is_due(n_windows=self._ears.vitals.n_windows):
            tell(self.keeper.turn(self._ears.pipeline.holding))


CHANGE = AlarmChange(
    alarm="a1",
    rule="distress",
    phase="raised",
    severity="urgent",
    reason="distress for 8 s of the last 20 s",
    confidence=0.7,
    notify=("all",),
)


def change(**changes: Any) -> AlarmChange:
    """Return that an alarm was raised, with changes."""
    return replace(CHANGE, **changes)
