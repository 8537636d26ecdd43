"""Rehearsal: what alert rules would have done with what was heard, and why not more.

It plays the causes of a pipeline, or of a log, to an `AlarmDesk` as if they came now, and keeps
what a person asks afterwards: how near each rule came, and what held it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from edge.decide.alarms import AlarmChange, Instant, OpenAlarm
from edge.decide.alerts import AlertRule
from edge.decide.desk import AlarmDesk
from edge.decide.outcomes import CauseNow

N_LEVELS: Final = 8
"""Steps in which it is kept how much of its time a rule has held."""

_LONGEST_STEP_S: Final = 2.0
"""After a longer pause from one look to the next, the desk turns in between."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What was decided at the end of a window."""

    at_s: float
    state: str
    confidence: float
    probabilities: Mapping[str, float]
    held_s: Mapping[str, float]
    """Seconds that each rule has held, by its name."""
    holding: Mapping[str, CauseNow]


@dataclass(slots=True)
class Stretch:
    """Something that lasted."""

    from_s: float
    to_s: float
    what: str
    confidence: float = 0.0
    """The highest within it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A change of an alarm, and when it would have come."""

    at_s: float
    at: Instant
    change: AlarmChange


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """How a rule stands from a moment on."""

    from_s: float
    level: int
    """How much of ``hold_s`` was held, in steps of `N_LEVELS`."""
    holds: bool
    withheld: bool


@dataclass(kw_only=True, slots=True)
class RuleStory:
    """What became of one rule."""

    rule: AlertRule
    best: float = 0.0
    """Highest smoothed probability of its emotions together."""
    best_at_s: float = 0.0
    longest_s: float = 0.0
    """Longest time that was held while it was no cause yet."""
    longest_at_s: float = 0.0
    causes: list[Stretch] = field(default_factory=list)
    withheld: list[Stretch] = field(default_factory=list)
    """While the cause held and nobody was called, with the reason."""
    marks: list[Mark] = field(default_factory=list)
    emotions: frozenset[str] = frozenset()
    _held: bool = False
    _waited: bool = False

    def __post_init__(self) -> None:
        self.emotions = self.rule.emotions

    def see(self, look: Look, *, obstacle: str | None) -> None:
        """Take what a window brought."""
        at_s, held_s = look.at_s, look.held_s[self.rule.name]
        cause = look.holding.get(self.rule.name)
        together = sum(look.probabilities.get(emotion, 0.0) for emotion in self.emotions)
        if together > self.best:
            self.best, self.best_at_s = together, at_s
        if not cause and held_s > self.longest_s:
            self.longest_s, self.longest_at_s = held_s, at_s
        if cause:
            _lengthen(self.causes, at_s, "", confidence=cause.confidence, goes_on=self._held)
        if cause and obstacle:
            _lengthen(self.withheld, at_s, obstacle, goes_on=self._waited)
        self._held, self._waited = bool(cause), bool(cause and obstacle)
        level = min(N_LEVELS, int(N_LEVELS * held_s / self.rule.hold_s))
        self._mark(at_s, level, holds=bool(cause), withheld=bool(cause and obstacle))

    def _mark(self, at_s: float, level: int, *, holds: bool, withheld: bool) -> None:
        mark = Mark(from_s=at_s, level=level, holds=holds, withheld=withheld)
        last = self.marks[-1] if self.marks else None
        if last is None or (last.level, last.holds, last.withheld) != (level, holds, withheld):
            self.marks.append(mark)


class Rehearsal:
    """Alert rules in front of an audience of one.

    Parameters
    ----------
    rules : iterable of AlertRule
    instant : callable
        Gives both clocks at a position in seconds.
    """

    def __init__(self, rules: Iterable[AlertRule], *, instant: Callable[[float], Instant]) -> None:
        self.stories = [RuleStory(rule=rule) for rule in rules]
        self.states: list[Stretch] = []
        self.told: list[Told] = []
        self.afterwards: list[Told] = []
        """What would follow if it were silent from then on and nobody came."""
        self.instant = instant
        self.heard_to_s = self._at_s = 0.0
        numbers = count(1)
        self._desk = AlarmDesk(
            [story.rule for story in self.stories], new_id=lambda: str(next(numbers))
        )

    def look(self, look: Look) -> None:
        """Take what a window brought."""
        if look.at_s - self._at_s > _LONGEST_STEP_S:
            self.wait(look.at_s)
        self._at_s = self.heard_to_s = look.at_s
        now = self.instant(look.at_s)
        obstacles = {name: self._desk.obstacle(name, now) for name in look.holding}
        changes = self._desk.turn(now, look.holding)
        self.told += [Told(at_s=look.at_s, at=now, change=change) for change in changes]
        called = {alarm.rule for alarm in self._desk.open} if obstacles else ()
        for story in self.stories:
            name = story.rule.name
            story.see(look, obstacle=None if name in called else obstacles.get(name))
        _lengthen(self.states, look.at_s, look.state, confidence=look.confidence)

    def wait(self, to_s: float) -> None:
        """Let time pass in which nothing is heard."""
        self.told += self._silence(to_s=to_s)
        self._at_s = max(self._at_s, to_s)

    def answer(self, at_s: float, rule: str, *, who: str) -> None:
        """Let somebody acknowledge the open alarm of a rule, if there is one."""
        now = self.instant(at_s)
        for alarm in self._desk.open:
            if alarm.rule == rule:
                changes = self._desk.acknowledge(now, who=who, alarm=alarm.id)
                self.told += [Told(at_s=at_s, at=now, change=change) for change in changes]

    def snooze(self, at_s: float, *, for_s: float, who: str) -> None:
        """Let somebody hold back all alarms for a while."""
        now = self.instant(at_s)
        changes = self._desk.snooze(now, for_s=for_s, who=who)
        self.told += [Told(at_s=at_s, at=now, change=change) for change in changes]

    def end_snooze(self, at_s: float, *, who: str) -> None:
        """Let somebody end that."""
        self._desk.end_snooze(self.instant(at_s), who=who)

    def finish(self) -> None:
        """Find out what would follow."""
        self.afterwards += self._silence(to_s=None)

    def _silence(self, *, to_s: float | None) -> list[Told]:
        """Let the desk turn whenever something may be due while nothing is heard."""
        told: list[Told] = []
        while (at_s := self._due_s()) is not None and (to_s is None or at_s < to_s):
            self._at_s = at_s
            now = self.instant(at_s)
            told += [Told(at_s=at_s, at=now, change=change) for change in self._desk.turn(now, {})]
        return told

    def _due_s(self) -> float | None:
        """Return the next position at which an open alarm may change."""
        now_s = self.instant(self._at_s).monotonic_s
        dues = [due_s - now_s for alarm in self._desk.open for due_s in self._dues(alarm)]
        later = [due_s for due_s in dues if due_s > 1e-6]
        return self._at_s + min(later) if later else None

    def _dues(self, alarm: OpenAlarm) -> Iterator[float]:
        rule = next(story.rule for story in self.stories if story.rule.name == alarm.rule)
        steps = (0.0, *(step.after_s for step in rule.escalate))
        for after_s in steps:
            yield alarm.raised.monotonic_s + after_s
            yield alarm.raised.monotonic_s + after_s + rule.sound_s
        yield alarm.raised.monotonic_s + rule.open_s


def _lengthen(
    stretches: list[Stretch],
    at_s: float,
    what: str,
    *,
    confidence: float = 0.0,
    goes_on: bool = True,
) -> None:
    """Let the last stretch reach to a moment, or begin another one if it is about another thing.

    What counts down in a reason stands after a comma, and makes no other thing of it.
    """
    last = stretches[-1] if stretches else None
    if last and goes_on and last.what.split(",")[0] == what.split(",", maxsplit=1)[0]:
        last.to_s = at_s
        last.confidence = max(last.confidence, confidence)
    else:
        stretches.append(Stretch(at_s, at_s, what, confidence))
