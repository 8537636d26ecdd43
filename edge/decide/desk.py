"""AlarmDesk: whether anybody is called for a cause, until when, and who is called next.

A cause is there or not. Whether it calls depends on what is open already, on the cooldown, the day,
the quiet hours and a snooze; all that is decided anew at each turn, so that a cause that outlasts
the quiet hours calls when they end. Waiting is counted on the monotonic clock: whoever sets the
wall clock neither shortens a cooldown nor ends an alarm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from edge.decide.alarmcase import AlarmCase
from edge.decide.alarms import (
    AlarmChange,
    DeskState,
    Instant,
    OpenAlarm,
    Rule,
    TroubleRule,
)
from edge.decide.alerts import EVERY_DAY, AlertRule
from edge.decide.outcomes import SEVERITIES, CauseNow
from edge.decide.quiethours import quiet_span

LEAST_REMINDER_S: Final = 60.0
"""Least time from one call about an open alarm to the next, whatever its cooldown."""

AGAIN: Final = "again: "
"""How the reason of a reminder begins: the cause of an open alarm holds still, or has come back."""

SETTLING_S: Final = 120.0
"""Time after a restart in which the program may not yet have noticed a trouble again."""


class AlarmDesk:
    """All alarms of one device; at most one alarm of a rule is open at a time.

    Parameters
    ----------
    rules : iterable of AlertRule
    troubles : iterable of TroubleRule
    new_id : callable
        Names an alarm; never the same name twice.
    restored : DeskState, optional
        Where a former desk stood when the program ended.
    """

    def __init__(
        self,
        rules: Iterable[AlertRule],
        troubles: Iterable[TroubleRule] = (),
        *,
        new_id: Callable[[], str],
        restored: DeskState | None = None,
    ) -> None:
        state = restored or DeskState()
        self._new_id = new_id
        self.replace_rules(rules, troubles)
        self._cases = {alarm.id: AlarmCase.restored(alarm) for alarm in state.open}
        self._to_sound = [alarm.id for alarm in state.open if alarm.sounding]
        self._raised = {alarm.rule: alarm.raised for alarm in state.open} | dict(state.called)
        self._acknowledged_s: dict[str, float] = {}
        self._answered = set(state.answered)
        self._snoozed = state.snoozed_until
        self._now_s: float | None = None
        self._settling_s = SETTLING_S if restored else 0.0

    def replace_rules(
        self, rules: Iterable[AlertRule], troubles: Iterable[TroubleRule] = ()
    ) -> None:
        """Go by other rules; an open alarm whose rule is gone ends at the next turn."""
        both: list[Rule] = [*rules, *troubles]
        self._rules = {rule.name: rule for rule in both}

    @property
    def open(self) -> tuple[OpenAlarm, ...]:
        """Alarms that nobody has answered yet, oldest first."""
        return tuple(case.seen for case in self._cases.values())

    @property
    def sounding(self) -> OpenAlarm | None:
        """The alarm that is to be seen and heard: the most severe, of these the oldest."""
        loud = [alarm for alarm in self.open if alarm.sounding]
        return max(loud, key=lambda alarm: SEVERITIES.index(alarm.severity), default=None)

    @property
    def snoozed_until(self) -> datetime | None:
        """Until when no alarm of an ``[[alert]]`` rule is raised; None where nothing is snoozed."""
        return self._snoozed.wall if self._snoozed else None

    @property
    def answered(self) -> frozenset[str]:
        """Troubles that somebody has acknowledged, and that are not mended yet."""
        return frozenset(self._answered)

    @property
    def state(self) -> DeskState:
        """What another desk needs to go on from here."""
        return DeskState(
            open=self.open,
            called=dict(self._raised),
            answered=self.answered,
            snoozed_until=self._snoozed,
        )

    def turn(self, now: Instant, causes: Mapping[str, CauseNow]) -> list[AlarmChange]:
        """Look at what holds now; return what follows.

        Parameters
        ----------
        now : Instant
        causes : Mapping
            Every cause that holds now, by the name of its rule.
        """
        self._pass_time(now)
        changes = [
            change
            for case in tuple(self._cases.values())
            for change in self._go_on(case, now.monotonic_s, holds=case.rule in causes)
        ]
        self._forget_answers(causes)
        for rule in self._rules.values():
            cause = causes.get(rule.name)
            if cause and self.obstacle(rule.name, now) is None:
                changes.append(self._call(rule, cause, now))
        return changes

    def acknowledge(
        self, now: Instant, *, who: str, note: str = "", alarm: str | None = None
    ) -> list[AlarmChange]:
        """End an alarm, or all that are open, because somebody has come."""
        self._pass_time(now)
        answered = [case for case in self._cases.values() if alarm in {None, case.id}]
        for case in answered:
            del self._cases[case.id]
            self._acknowledged_s[case.rule] = now.monotonic_s
            if self._is_trouble(case):
                self._answered.add(case.rule)
        return [case.end("acknowledged", "acknowledged", who=who, note=note) for case in answered]

    def snooze(self, now: Instant, *, for_s: float, who: str) -> list[AlarmChange]:
        """Raise no alarm of an ``[[alert]]`` rule for a while; those that are open fall silent."""
        self._pass_time(now)
        self._snoozed = _later(now, for_s)
        loud = [case for case in self._cases.values() if case.sounding]
        return [case.quieten("snoozed", who=who) for case in loud if not self._is_trouble(case)]

    def end_snooze(self, now: Instant, *, who: str) -> list[AlarmChange]:  # noqa: ARG002 - as others
        """Raise alarms again, from the next turn on."""
        self._pass_time(now)
        self._snoozed = None
        return []

    def obstacle(self, name: str, now: Instant) -> str | None:
        """Return why a rule may not call now although its cause holds; None if it may."""
        rule = self._rules[name]
        if self._snoozed and isinstance(rule, AlertRule):
            return f"snoozed until {self._snoozed.wall:%H:%M}"
        if name in self._answered:
            return "acknowledged, and not mended since"
        day = EVERY_DAY[now.wall.weekday()]
        if day not in rule.days:
            return f"not on {day}"
        if span := quiet_span(rule.quiet_hours, now.wall):
            return f"quiet hours {span}"
        return self._waiting(rule, now.monotonic_s)

    def _waiting(self, rule: Rule, now_s: float) -> str | None:
        if case := self._case_of(rule):
            return _open_wait(case, rule, now_s)
        raised = self._raised.get(rule.name)
        if raised and (left_s := raised.monotonic_s + rule.cooldown_s - now_s) > 0.0:
            return f"cooldown, {left_s:.0f} s left"
        # Somebody has come, and it has lasted since: it does not call again at once.
        came_s = self._acknowledged_s.get(rule.name, -math.inf)
        if (left_s := came_s + rule.cooldown_s - now_s) > 0.0:
            return f"acknowledged, {left_s:.0f} s left"
        return None

    def _case_of(self, rule: Rule) -> AlarmCase | None:
        return next((case for case in self._cases.values() if case.rule == rule.name), None)

    def _is_trouble(self, case: AlarmCase) -> bool:
        return isinstance(self._rules.get(case.rule), TroubleRule)

    def _pass_time(self, now: Instant) -> None:
        now_s = now.monotonic_s
        if self._now_s is None:
            self._sound_again(now_s)
            self._now_s = now_s
        passed_s, self._now_s = now_s - self._now_s, now_s
        self._settling_s = max(0.0, self._settling_s - passed_s)
        if self._snoozed is None:
            return
        left_s = self._snoozed.monotonic_s - now_s
        for case in self._cases.values():
            if not self._is_trouble(case):
                case.paused_s += max(0.0, passed_s + min(0.0, left_s))
        # The wall may have been set: what is shown is when it will really be over.
        self._snoozed = _later(now, left_s) if left_s > 0.0 else None

    def _sound_again(self, now_s: float) -> None:
        for case in self._cases.values():
            case.called_s = now_s
            if (rule := self._rules.get(case.rule)) and case.id in self._to_sound:
                # What was heard before the restart is forgotten: nobody knows that it is over.
                case.sound(rule, at_s=now_s, heeds_cause=False)

    def _forget_answers(self, causes: Container[str]) -> None:
        """Let a cause that is over and comes again call as a new one."""
        for name in [name for name in self._acknowledged_s if name not in causes]:
            del self._acknowledged_s[name]
        if self._settling_s <= 0.0:
            self._answered = {name for name in self._answered if name in causes}

    def _go_on(self, case: AlarmCase, now_s: float, *, holds: bool) -> Iterator[AlarmChange]:
        rule = self._rules.get(case.rule)
        ending = self._ending(case, rule, now_s, holds=holds) if rule else "rule removed"
        if rule is None or ending:
            del self._cases[case.id]
            yield case.end("ended", ending or "")
            return
        if self._is_due(case, rule, now_s):
            yield self._escalate(case, rule, now_s)
        if silence := _silence(case, rule, now_s, holds=holds):
            yield case.quieten(silence)

    def _ending(self, case: AlarmCase, rule: Rule, now_s: float, *, holds: bool) -> str | None:
        if isinstance(rule, TroubleRule):
            return None if holds or self._settling_s > 0.0 else "mended"
        return "nobody answered" if now_s - case.raised.monotonic_s >= rule.open_s else None

    def _is_due(self, case: AlarmCase, rule: Rule, now_s: float) -> bool:
        if case.step >= len(rule.escalate) or (self._snoozed and isinstance(rule, AlertRule)):
            return False
        waited_s = now_s - case.raised.monotonic_s - case.paused_s
        return waited_s >= rule.escalate[case.step].after_s

    def _escalate(self, case: AlarmCase, rule: Rule, now_s: float) -> AlarmChange:
        case.step += 1
        waited = f"nobody answered for {rule.escalate[case.step - 1].after_s:g} s"
        return case.call(rule, f"{waited}: {case.reason}", at_s=now_s, heeds_cause=False)

    def _call(self, rule: Rule, cause: CauseNow, now: Instant) -> AlarmChange:
        if case := self._case_of(rule):
            return case.remind(rule, f"{AGAIN}{cause.reason}", at_s=now.monotonic_s)
        self._raised[rule.name] = now
        case = AlarmCase(
            id=self._new_id(),
            rule=rule.name,
            severity=rule.severity,
            reason=cause.reason,
            raised=now,
            confidence=cause.confidence,
        )
        self._cases[case.id] = case
        return case.call(rule, cause.reason, at_s=now.monotonic_s, heeds_cause=True)


def _open_wait(case: AlarmCase, rule: Rule, now_s: float) -> str | None:
    """Return why a rule with an open alarm does not call again now, or None."""
    if case.sounding:
        return "its alarm sounds"
    called_s = now_s if case.called_s is None else case.called_s
    waits = now_s - called_s < max(rule.cooldown_s, LEAST_REMINDER_S)
    return "its alarm is open" if waits else None


def _silence(case: AlarmCase, rule: Rule, now_s: float, *, holds: bool) -> str | None:
    """Return why an alarm is to be seen and heard no more, or None."""
    if case.sounds_from_s is None:
        return None
    if now_s - case.sounds_from_s >= rule.sound_s:
        return f"sounded for {rule.sound_s:g} s"
    return "cause ended" if case.heeds_cause and not holds else None


def _later(now: Instant, seconds: float) -> Instant:
    wall = now.wall.astimezone(UTC) + timedelta(seconds=seconds)
    return Instant(monotonic_s=now.monotonic_s + seconds, wall=wall.astimezone(now.wall.tzinfo))
