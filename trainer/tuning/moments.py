"""Moments at which somebody should have been called, or should not, and how a rule fares there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge.decide.alerts import AlertRule
from edge.decide.feedback import FeedbackExport, Judgement, day, moment

REACH = timedelta(seconds=60)
"""A call belongs to a judged moment that is no farther away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """Somebody who was there said what it was."""

    at: datetime
    day: str
    is_wanted: bool
    """Whether somebody should have been called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """How a rule fares on some days."""

    n_wanted: int = 0
    n_missed: int = 0
    """Of the wanted ones."""
    n_false: int = 0
    """Calls at moments at which somebody said that none was needed."""
    n_unjudged: int = 0
    """Calls of which nobody said anything."""

    def __add__(self, other: Score) -> Score:
        return Score(
            n_wanted=self.n_wanted + other.n_wanted,
            n_missed=self.n_missed + other.n_missed,
            n_false=self.n_false + other.n_false,
            n_unjudged=self.n_unjudged + other.n_unjudged,
        )


def moments(export: FeedbackExport, rule: AlertRule) -> list[Moment]:
    """Return what the judgements say of one rule, in the order of time.

    An alarm that was right is wanted; so is one that heard another of the rule's emotions, and a
    state that really was one of them. An alarm that was wrong is not, nor a state that was none.
    """
    known = {call.alarm: call for call in export.calls}
    found = []
    for judgement in export.judgements:
        call = known.get(judgement.alarm or "")
        if judgement.alarm is not None and (call is None or call.rule != rule.name):
            continue
        is_wanted = _is_wanted(judgement, rule)
        if is_wanted is not None:
            time = call.time if call else judgement.time
            found.append(Moment(at=moment(time), day=day(time), is_wanted=is_wanted))
    return sorted(found, key=lambda each: each.at)


def score_by_day(calls: Sequence[datetime], judged: Sequence[Moment]) -> dict[str, Score]:
    """Return how calls fare, day by day; days without calls and moments are left out."""
    found: dict[str, Score] = {}

    def add(name: str, score: Score) -> None:
        found[name] = found.get(name, Score()) + score

    for each in judged:
        is_called = any(abs(call - each.at) <= REACH for call in calls)
        if each.is_wanted:
            add(each.day, Score(n_wanted=1, n_missed=int(not is_called)))
        elif is_called:
            add(each.day, Score(n_false=1))
    for call in calls:
        if all(abs(call - each.at) > REACH for each in judged):
            add(call.date().isoformat(), Score(n_unjudged=1))
    return found


def total(by_day: Mapping[str, Score], days: Sequence[str]) -> Score:
    """Return the sum over some days."""
    return sum((by_day[name] for name in days if name in by_day), Score())


def _is_wanted(judgement: Judgement, rule: AlertRule) -> bool | None:
    """Return what a judgement says of a rule; None where it says nothing."""
    if judgement.verdict == "right":
        return True if judgement.alarm is not None else None
    if judgement.truth is not None:
        return judgement.truth in rule.emotions
    return False if judgement.alarm is not None else None
