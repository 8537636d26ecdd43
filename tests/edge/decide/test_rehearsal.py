"""What rules would have done, and how near they came: stories of windows, half a second each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from edge.decide.alarms import Instant
from edge.decide.alerts import AlertRule, Escalation, RuleWatch
from edge.decide.rehearsal import Look, Rehearsal

RULE = AlertRule(name="help", hold_s=2.0, within_s=4.0, cooldown_s=60.0, sound_s=10.0, open_s=100.0)
SAD = {"sad": 0.7, "neutral": 0.3}
MILD = {"sad": 0.4, "neutral": 0.6}
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Play:
    """Windows for some rules."""

    def __init__(self, *rules: AlertRule) -> None:
        self.rehearsal = Rehearsal(rules, instant=self.instant)
        self.watches = [RuleWatch(rule, sample_rate_hz=1000, hop_length=500) for rule in rules]
        self.at_s = 0.0

    def instant(self, at_s: float) -> Instant:
        return Instant(monotonic_s=at_s, wall=NOON + timedelta(seconds=at_s))

    def hear(self, probabilities: dict[str, float], *, seconds: float) -> None:
        for look in self._looks(probabilities, seconds):
            self.rehearsal.look(look)

    def _looks(self, probabilities: dict[str, float], seconds: float) -> Iterator[Look]:
        for _ in range(round(2 * seconds)):
            self.at_s += 0.5
            for watch in self.watches:
                watch.push(probabilities, at_sample=round(1000 * self.at_s))
            yield Look(
                at_s=self.at_s,
                state="sad" if probabilities else "no_speech",
                confidence=max(probabilities.values(), default=0.0),
                probabilities=probabilities,
                held_s={watch.rule.name: watch.held_s for watch in self.watches},
                holding={w.rule.name: w.cause for w in self.watches if w.cause},
            )

    @property
    def told(self) -> list[tuple[float, str]]:
        return [(told.at_s, told.change.phase) for told in self.rehearsal.told]


def test_what_would_have_been_told_and_what_would_follow() -> None:
    play = Play(replace(RULE, escalate=(Escalation(after_s=30.0),)))
    play.hear(SAD, seconds=3)
    play.hear({}, seconds=6)
    assert play.told == [(2.0, "raised"), (6.5, "quieted")]
    play.rehearsal.finish()
    afterwards = [(told.at_s, told.change.phase) for told in play.rehearsal.afterwards]
    assert afterwards == [(32.0, "escalated"), (42.0, "quieted"), (102.0, "ended")]
    assert play.rehearsal.afterwards[0].at == play.instant(32.0)


def test_what_is_due_in_a_long_silence_is_told_in_its_time() -> None:
    play = Play(RULE)
    play.hear(SAD, seconds=3)
    play.hear({}, seconds=5)
    play.at_s = 500.0
    play.hear({}, seconds=1)
    assert play.told == [(2.0, "raised"), (6.5, "quieted"), (102.0, "ended")]


def test_how_near_a_rule_came() -> None:
    play = Play(RULE)
    play.hear(MILD, seconds=5)
    play.hear(SAD, seconds=1.5)
    play.hear({}, seconds=9)
    (story,) = play.rehearsal.stories
    assert (story.best, story.best_at_s) == (pytest.approx(0.7), 5.5)
    assert (story.longest_s, story.longest_at_s) == (1.5, 6.5)
    assert story.causes == []
    assert [mark.level for mark in story.marks] == [0, 2, 4, 6, 4, 2, 0]


def test_what_held_a_rule_back() -> None:
    play = Play(replace(RULE, quiet_hours=("12:00-12:01",)), replace(RULE, name="free"))
    play.hear(SAD, seconds=30)
    quiet, free = play.rehearsal.stories
    assert play.told == [(2.0, "raised"), (12.0, "quieted")]
    assert [(h.from_s, h.to_s, h.what) for h in quiet.withheld] == [
        (2.0, 30.0, "quiet hours 12:00-12:01")
    ]
    assert free.withheld == []
    assert [(c.from_s, c.to_s) for c in free.causes] == [(2.0, 30.0)]
    assert {mark.withheld for mark in quiet.marks if mark.holds} == {True}
    assert {mark.withheld for mark in free.marks} == {False}


def test_what_counts_down_is_one_reason() -> None:
    play = Play(RULE)
    play.hear(SAD, seconds=3)
    play.rehearsal.answer(play.at_s, "help", who="page: anna")
    play.hear({}, seconds=9)
    play.hear(SAD, seconds=10)
    (story,) = play.rehearsal.stories
    assert play.told == [(2.0, "raised"), (3.0, "acknowledged")]
    reasons = [(held.from_s, held.to_s, held.what) for held in story.withheld]
    assert reasons == [(3.5, 6.0, "cooldown, 58 s left"), (14.0, 22.0, "cooldown, 48 s left")]


def test_who_snoozes_is_not_called() -> None:
    play = Play(RULE)
    play.rehearsal.snooze(0.0, for_s=900.0, who="button")
    play.hear(SAD, seconds=10)
    play.rehearsal.end_snooze(10.0, who="button")
    play.hear(SAD, seconds=1)
    assert play.told == [(10.5, "raised")]
    assert play.rehearsal.stories[0].withheld[0].what == "snoozed until 12:15"


def test_nobody_answers_what_is_not_open() -> None:
    play = Play(RULE)
    play.rehearsal.answer(0.0, "help", who="button")
    play.rehearsal.finish()
    assert play.told == []
    assert play.rehearsal.afterwards == []
