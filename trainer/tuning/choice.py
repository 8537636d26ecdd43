"""Choosing the thresholds of a rule, and judging the choice on days that it was not made on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product

from edge.decide.alerts import AlertRule
from edge.decide.feedback import FeedbackExport, day
from trainer.tuning.moments import Moment, Score, moments, score_by_day, total
from trainer.tuning.replay import calls

CONFIDENCES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
HOLDS_S = (4.0, 8.0, 12.0, 16.0)
WITHINS_S = (20.0, 30.0)

LEAST_JUDGED = 12
LEAST_OF_A_KIND = 4
"""Wanted ones, and others: from false alarms alone, never to call would be best."""
LEAST_DAYS = 4
_MOST_FOLDS = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What the judgements say of one rule."""

    rule: AlertRule
    """As it is set."""
    chosen: AlertRule
    """As it would be best by all days; equal to `rule` where nothing better was found."""
    n_days: int
    """Days on which anything was heard."""
    n_judged: int
    before: Score
    """The rule as it is, on all days."""
    after: Score
    """Chosen on other days, judged on these, summed over all days."""
    n_logged: int
    n_found: int
    """Of the alarms in the log, how many the replay finds."""
    is_better: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TooLittle:
    """Why nothing is proposed for a rule."""

    rule: AlertRule
    n_wanted: int
    n_other: int
    n_days: int

    @property
    def missing(self) -> tuple[str, ...]:
        """What is needed, in words."""
        n_judged = self.n_wanted + self.n_other
        needs = {
            f"{LEAST_JUDGED} verdicts in all, there are {n_judged}": n_judged < LEAST_JUDGED,
            f"{LEAST_OF_A_KIND} moments at which somebody was needed, there are {self.n_wanted}": (
                self.n_wanted < LEAST_OF_A_KIND
            ),
            f"{LEAST_OF_A_KIND} at which nobody was, there are {self.n_other}": (
                self.n_other < LEAST_OF_A_KIND
            ),
            f"verdicts on {LEAST_DAYS} days, there are {self.n_days}": self.n_days < LEAST_DAYS,
        }
        return tuple(need for need, is_so in needs.items() if is_so)


def propose(
    export: FeedbackExport,
    rule: AlertRule,
    *,
    missed_costs: float,
    on_step: Callable[[], object] = lambda: None,
) -> Proposal | TooLittle:
    """Look for better thresholds of a rule.

    Parameters
    ----------
    export : FeedbackExport
    rule : AlertRule
        One of its rules.
    missed_costs : float
        So many false alarms are as bad as one alarm that is missed.
    on_step : callable
        Called after each of the replays.
    """
    judged = moments(export, rule)
    little = _too_little(rule, judged)
    if little.missing:
        return little
    days = sorted({day(stretch.time) for stretch in export.stretches} | {m.day for m in judged})
    trials = {}
    for candidate in candidates(rule):
        found = calls(export.stretches, candidate, hop_s=export.hop_s)
        trials[candidate] = score_by_day(found, judged)
        on_step()
    cost = _cost(judged, missed_costs)
    chosen = _cheapest(trials, days, cost)
    before = total(trials[rule], days)
    after = sum((_held_out(trials, days, fold, cost) for fold in _folds(days)), Score())
    logged = [datetime.fromisoformat(c.time) for c in export.calls if c.rule == rule.name]
    replayed = calls(export.stretches, rule, hop_s=export.hop_s)
    return Proposal(
        rule=rule,
        chosen=chosen,
        n_days=len(days),
        n_judged=len(judged),
        before=before,
        after=after,
        n_logged=len(logged),
        n_found=sum(any(abs(c - at).total_seconds() <= 60 for c in replayed) for at in logged),
        is_better=chosen != rule and cost(after) <= cost(before) - 1.0,
    )


def candidates(rule: AlertRule) -> Iterator[AlertRule]:
    """Yield the rule as it is, then others, those like it first."""
    others = [
        replace(rule, confidence=confidence, hold_s=hold_s, within_s=within_s)
        for confidence, hold_s, within_s in product(CONFIDENCES, HOLDS_S, WITHINS_S)
        if hold_s <= within_s
    ]
    yield rule
    yield from sorted((other for other in others if other != rule), key=lambda o: _apart(o, rule))


Trials = Mapping[AlertRule, Mapping[str, Score]]
Cost = Callable[[Score], float]


def _too_little(rule: AlertRule, judged: Sequence[Moment]) -> TooLittle:
    n_wanted = sum(each.is_wanted for each in judged)
    return TooLittle(
        rule=rule,
        n_wanted=n_wanted,
        n_other=len(judged) - n_wanted,
        n_days=len({each.day for each in judged}),
    )


def _cost(judged: Sequence[Moment], missed_costs: float) -> Cost:
    """Return the price in false alarms; a call of which nobody spoke is as often false as others.

    Without that a rule that calls all night would look as good as one that does not.
    """
    n_other = sum(not each.is_wanted for each in judged)
    false_share = (n_other + 1) / (len(judged) + 2)
    return lambda s: missed_costs * s.n_missed + s.n_false + false_share * s.n_unjudged


def _cheapest(trials: Trials, days: Sequence[str], cost: Cost) -> AlertRule:
    """Return the cheapest rule, of equals the one that is most like the present one."""
    return min(trials, key=lambda candidate: cost(total(trials[candidate], days)))


def _held_out(trials: Trials, days: Sequence[str], fold: Sequence[str], cost: Cost) -> Score:
    others = [name for name in days if name not in fold]
    return total(trials[_cheapest(trials, others, cost)], fold)


def _folds(days: Sequence[str]) -> list[Sequence[str]]:
    n_folds = min(_MOST_FOLDS, len(days))
    return [days[i::n_folds] for i in range(n_folds)]


def _apart(candidate: AlertRule, rule: AlertRule) -> float:
    return (
        10 * abs(candidate.confidence - rule.confidence)
        + abs(candidate.hold_s - rule.hold_s) / 4
        + abs(candidate.within_s - rule.within_s) / 10
    )
