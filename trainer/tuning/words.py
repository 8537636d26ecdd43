"""What was found, in words, and the lines for the settings."""

from __future__ import annotations

from collections.abc import Iterator

from edge.decide.alerts import AlertRule
from trainer.tuning.choice import Proposal, TooLittle
from trainer.tuning.moments import Score


def lines(found: Proposal | TooLittle) -> Iterator[str]:
    """Yield the paragraph on one rule."""
    if isinstance(found, TooLittle):
        yield f"rule {found.rule.name}: too little was said of it, nothing is proposed"
        for need in found.missing:
            yield f"  needed: {need}"
        return
    yield f"rule {found.rule.name}: {found.n_judged} verdicts, {found.n_days} days"
    yield f"  the replay finds {found.n_found} of {found.n_logged} alarms of the log"
    yield f"  {'':30} as it is   chosen on other days"
    for name, before, after in _rows(found):
        yield f"  {name:30} {before:>8}   {after:>8}"
    yield ""
    yield from _snippet(found) if found.is_better else _no_better()


def _rows(found: Proposal) -> Iterator[tuple[str, str, str]]:
    for name, word in (
        ("missed, where one was needed", _missed),
        ("false alarms a day, by verdict", _false),
        ("calls a day without a verdict", _unjudged),
    ):
        yield name, word(found.before, found.n_days), word(found.after, found.n_days)


def _missed(score: Score, _n_days: int) -> str:
    return f"{score.n_missed} of {score.n_wanted}"


def _false(score: Score, n_days: int) -> str:
    return f"{score.n_false / n_days:.2f}"


def _unjudged(score: Score, n_days: int) -> str:
    return f"{score.n_unjudged / n_days:.2f}"


def _no_better() -> Iterator[str]:
    yield "  No other thresholds did better on days that they were not chosen on: leave it."


def _snippet(found: Proposal) -> Iterator[str]:
    yield "  Change these lines of the rule in the device's config.toml, and leave its others:"
    yield ""
    yield "  [[alert]]"
    yield f'  name = "{found.rule.name}"'
    for key in ("confidence", "hold_s", "within_s"):
        yield _setting(key, found.chosen, found.rule)


def _setting(key: str, chosen: AlertRule, rule: AlertRule) -> str:
    value, before = getattr(chosen, key), getattr(rule, key)
    was = "" if value == before else f"  # was {before:g}"
    return f"  {key} = {float(value)}{was}"
