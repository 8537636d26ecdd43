"""A desk in a room whose clocks the test moves, with what a log would know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count

from edge.decide.alarms import (
    TROUBLE,
    AlarmChange,
    DeskState,
    Instant,
    OpenAlarm,
    TroubleRule,
    in_this_boot,
)
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
PLAIN = replace(RULE, name="plain", escalate=())
DEAF = TroubleRule(name="trouble: deaf", cooldown_s=600.0, buzzer="soft")
SAD = CauseNow(reason="distress for 8 s of the last 20 s", confidence=0.8)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A change as the log has it."""

    change: AlarmChange
    at: Instant
    boot: int
    is_set: bool
    true_s: float
    is_snoozed: bool


class Room:
    """Time passes a step a turn; what really passed is `true_s`, which no clock here shows."""

    def __init__(
        self,
        *rules: AlertRule,
        troubles: Iterable[TroubleRule] = (DEAF,),
        step_s: float = 1.0,
        zone: tzinfo = UTC,
        began: datetime = NOON,
    ) -> None:
        self.rules, self.troubles, self.step_s = rules or (RULE,), tuple(troubles), step_s
        self.zone, self.began = zone, began
        self.true_s = self.jumped_s = self.suspended_s = 0.0
        self.booted_s, self.boot, self.is_set = -1000.0, 1, True
        self.written: list[Written] = []
        self._names = count(1)
        self.desk = self._new_desk(None)

    def _new_desk(self, restored: DeskState | None) -> AlarmDesk:
        def name() -> str:
            return f"a{next(self._names)}"

        return AlarmDesk(self.rules, self.troubles, new_id=name, restored=restored)

    @property
    def now(self) -> Instant:
        wall = self.began + timedelta(seconds=self.true_s + self.jumped_s)
        return Instant(
            monotonic_s=self.true_s - self.booted_s - self.suspended_s,
            wall=wall.astimezone(self.zone),
        )

    @property
    def phases(self) -> list[str]:
        return [written.change.phase for written in self.written]

    def hear(self, seconds: float, *names: str, cause: CauseNow = SAD) -> list[tuple[float, str]]:
        """Let time pass while causes hold; return what was told, and when."""
        causes = dict.fromkeys(names, cause)
        return [told for _ in range(round(seconds / self.step_s)) for told in self._step(causes)]

    def _step(self, causes: Mapping[str, CauseNow]) -> list[tuple[float, str]]:
        self.true_s += self.step_s
        return self.tell(self.desk.turn(self.now, causes))

    def tell(self, changes: Iterable[AlarmChange]) -> list[tuple[float, str]]:
        """Write changes down; return them as seconds and words."""
        told = []
        for change in changes:
            self.written.append(
                Written(
                    change=change,
                    at=self.now,
                    boot=self.boot,
                    is_set=self.is_set,
                    true_s=self.true_s,
                    is_snoozed=self.desk.snoozed_until is not None,
                )
            )
            told.append((self.true_s, f"{change.rule} {change.phase}: {change.reason}"))
        return told

    def acknowledge(self, *, who: str = "button") -> list[tuple[float, str]]:
        return self.tell(self.desk.acknowledge(self.now, who=who))

    def snooze(self, for_s: float) -> list[tuple[float, str]]:
        return self.tell(self.desk.snooze(self.now, for_s=for_s, who="button"))

    def restart(self) -> None:
        """The program ends and begins again, in the same boot."""
        self.desk = self._new_desk(self.state())

    def reboot(self, *, off_s: float, is_set: bool) -> None:
        """The power was cut for a while; the clock stands still meanwhile if nobody sets it."""
        self.true_s += off_s
        if not is_set:
            self.jumped_s -= off_s
        elif self.is_set:
            self.jumped_s = 0.0
        self.boot, self.is_set = self.boot + 1, is_set
        self.booted_s, self.suspended_s = self.true_s, 0.0
        self.true_s += 20.0
        self.desk = self._new_desk(self.state())

    def suspend(self, for_s: float) -> None:
        """The machine sleeps: its monotonic clock does too."""
        self.true_s += for_s
        self.suspended_s += for_s

    def set_clock(self, by_s: float) -> None:
        """Somebody sets the wall clock wrong, or right again."""
        self.jumped_s += by_s
        self.is_set = False

    def state(self) -> DeskState:
        """What the log knows: of each alarm its changes, and when they were written."""
        open_: dict[str, OpenAlarm] = {}
        called, answered = {}, set()
        for written in self.written:
            change, then = written.change, self._here(written)
            if change.phase == "raised":
                called[change.rule] = then
                open_[change.alarm] = _raised(change, then)
            elif change.phase in {"acknowledged", "ended"}:
                del open_[change.alarm]
            else:
                former = open_[change.alarm]
                open_[change.alarm] = replace(
                    former,
                    sounding=change.phase == "escalated",
                    step=change.step,
                    told=(*former.told, *change.notify),
                )
            if change.rule.startswith(TROUBLE):
                answered.discard(change.rule)
                answered |= {change.rule} if change.phase == "acknowledged" else set()
        return DeskState(open=tuple(open_.values()), called=called, answered=frozenset(answered))

    def _here(self, written: Written) -> Instant:
        return in_this_boot(
            written.at,
            self.now,
            same_boot=written.boot == self.boot,
            clocks_agree=written.is_set and self.is_set,
        )


def _raised(change: AlarmChange, then: Instant) -> OpenAlarm:
    return OpenAlarm(
        id=change.alarm,
        rule=change.rule,
        severity=change.severity,
        reason=change.reason,
        raised=then,
        sounding=True,
        confidence=change.confidence,
        told=change.notify,
    )


Action = Callable[[Room], object]
"""Something that happens in a room."""
