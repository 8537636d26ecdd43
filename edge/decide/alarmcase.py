"""One open alarm as the desk keeps it: what it shows, whom it told, how far it was escalated."""

from __future__ import annotations

from dataclasses import dataclass

from edge.decide.alarms import AlarmChange, Instant, OpenAlarm, Phase, Rule
from edge.decide.alerts import Escalation
from edge.decide.outcomes import Buzzer, Light, Severity


@dataclass(kw_only=True, slots=True)
class AlarmCase:
    """An open alarm; times are monotonic seconds."""

    id: str
    rule: str
    severity: Severity
    reason: str
    raised: Instant
    confidence: float
    step: int = 0
    """How often it has been escalated."""
    told: tuple[str, ...] = ()
    light: Light = "none"
    buzzer: Buzzer = "none"
    sounds_from_s: float | None = None
    """Since when it is seen and heard; None while it is not."""
    heeds_cause: bool = True
    """Whether it falls silent when its cause is gone: a first call does, an escalation does not."""
    called_s: float | None = None
    """When somebody was called last; None after a restart, until it has sounded again."""
    paused_s: float = 0.0
    """How long a snooze has held up its escalation."""

    @classmethod
    def restored(cls, alarm: OpenAlarm) -> AlarmCase:
        """Return an alarm from before a restart, silent at first."""
        return cls(
            id=alarm.id,
            rule=alarm.rule,
            severity=alarm.severity,
            reason=alarm.reason,
            raised=alarm.raised,
            confidence=alarm.confidence,
            step=alarm.step,
            told=alarm.told,
        )

    @property
    def sounding(self) -> bool:
        """Whether it is to be seen and heard now."""
        return self.sounds_from_s is not None

    @property
    def seen(self) -> OpenAlarm:
        """The alarm as others see it."""
        return OpenAlarm(
            id=self.id,
            rule=self.rule,
            severity=self.severity,
            reason=self.reason,
            raised=self.raised,
            sounding=self.sounding,
            light=self.light if self.sounding else "none",
            buzzer=self.buzzer if self.sounding else "none",
            step=self.step,
            confidence=self.confidence,
            told=self.told,
        )

    def how(self, rule: Rule) -> Rule | Escalation:
        """Return what it shows: what the rule says, or the step that it has come to."""
        return rule.escalate[self.step - 1] if 0 < self.step <= len(rule.escalate) else rule

    def call(self, rule: Rule, reason: str, *, at_s: float, heeds_cause: bool) -> AlarmChange:
        """Call whom the rule names, or the step that it has come to."""
        self.sound(rule, at_s=at_s, heeds_cause=heeds_cause)
        channels = self.how(rule).notify
        self.told = tuple(dict.fromkeys((*self.told, *channels)))
        return self.change("escalated" if self.step else "raised", reason, notify=channels)

    def remind(self, rule: Rule, reason: str, *, at_s: float) -> AlarmChange:
        """Call all again that were called before: it still lasts."""
        self.sound(rule, at_s=at_s, heeds_cause=True)
        return self.change("escalated", reason, notify=self.told)

    def sound(self, rule: Rule, *, at_s: float, heeds_cause: bool) -> None:
        """Be seen and heard from now on, if there is anything to see or hear."""
        how = self.how(rule)
        self.light, self.buzzer = how.light, how.buzzer
        shows = (how.light, how.buzzer) != ("none", "none")
        self.sounds_from_s = at_s if shows else None
        self.called_s = at_s
        self.heeds_cause = heeds_cause

    def quieten(self, reason: str, *, who: str = "") -> AlarmChange:
        """Be seen and heard no more."""
        self.sounds_from_s = None
        return self.change("quieted", reason, who=who)

    def end(self, phase: Phase, reason: str, *, who: str = "", note: str = "") -> AlarmChange:
        """Tell all that were told of it that it is over."""
        return self.change(phase, reason, who=who, note=note, notify=self.told)

    def change(
        self,
        phase: Phase,
        reason: str,
        *,
        who: str = "",
        note: str = "",
        notify: tuple[str, ...] = (),
    ) -> AlarmChange:
        """Return what has happened to it."""
        return AlarmChange(
            alarm=self.id,
            rule=self.rule,
            phase=phase,
            severity=self.severity,
            reason=reason,
            who=who,
            note=note,
            confidence=self.confidence,
            step=self.step,
            notify=notify,
        )
