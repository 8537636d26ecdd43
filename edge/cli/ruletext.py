"""What `ser-edge rules test` prints of each rule, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from edge.app.ruletest import Rehearsed
from edge.cli.ruletimeline import Timeline, clock_text
from edge.contract.labels import members
from edge.decide.alerts import AlertRule, Escalation
from edge.decide.desk import AGAIN
from edge.decide.rehearsal import RuleStory, Stretch, Told
from edge.record.moments import rfc3339

_PLAIN: Final = str.maketrans("·▁▂▃▄▅▆▇█░▲", "._..::++#x^")
"""For terminals that know ASCII only."""
_MOST_LINES: Final = 16
"""Of one rule; the newest of them."""


def text(rehearsed: Rehearsed, *, title: str, width: int, is_ascii: bool) -> str:
    """Return the timeline and what became of each rule."""
    timeline = Timeline(rehearsed, width=width)
    stories = rehearsed.play.stories
    lines = [
        *_head(rehearsed, title),
        "",
        *timeline.lines(),
        "",
        *(line for line in timeline.legend() if line),
        *(line for story in stories for line in ("", *_story(rehearsed, story))),
        *(("",) * bool(rehearsed.remarks)),
        *(f"note: {remark}" for remark in rehearsed.remarks),
    ]
    whole = "\n".join(lines)
    return whole.translate(_PLAIN) if is_ascii else whole


def _head(rehearsed: Rehearsed, title: str) -> Iterator[str]:
    began, length = rehearsed.began, clock_text(rehearsed.duration_s)
    if rehearsed.kind == "recording":
        yield f"{title}, {length} long, as if it had begun on {began:%a %Y-%m-%d at %H:%M:%S}"
    else:
        end = rehearsed.play.instant(rehearsed.duration_s).wall
        yield f"{title}, from {began:%a %Y-%m-%d %H:%M:%S} to {end:%a %Y-%m-%d %H:%M:%S}"
    yield f"heard by {rehearsed.model}"


def _story(rehearsed: Rehearsed, story: RuleStory) -> Iterator[str]:
    name = story.rule.name
    yield f"{name}: {_asks(story.rule)}"
    yield f"  calls by {_calls(story.rule)}"
    entries = _entries(rehearsed, story)
    if len(entries) > _MOST_LINES:
        yield f"  ... {len(entries) - _MOST_LINES} lines before these; --json has all"
    yield from entries[-_MOST_LINES:]
    if not _is_raised(story, rehearsed.play.told):
        yield f"  calls nobody: {_verdict(story)}"
    afterwards = [told for told in rehearsed.play.afterwards if told.change.rule == name]
    if afterwards:
        yield "  then, if it is silent and nobody comes:"
        yield from (_told_line(rehearsed, told) for told in afterwards)


def _entries(rehearsed: Rehearsed, story: RuleStory) -> list[str]:
    """Return a line for whatever became of a rule, in order."""
    told = [told for told in rehearsed.play.told if told.change.rule == story.rule.name]
    if rehearsed.kind == "log":  # of days: what matters is who is called, and when that is over
        told = [told for told in told if told.change.phase != "quieted"]
    entries = [(t.at_s, _told_line(rehearsed, t)) for t in told]
    entries += [(held.from_s, _withheld_line(rehearsed, held)) for held in story.withheld]
    return [line for _, line in sorted(entries, key=lambda entry: entry[0])]


def _is_raised(story: RuleStory, told: Iterable[Told]) -> bool:
    return any((t.change.rule, t.change.phase) == (story.rule.name, "raised") for t in told)


def _asks(rule: AlertRule) -> str:
    what = " or ".join(rule.when)
    emotions = ", ".join(dict.fromkeys(e for word in rule.when for e in members(word)))
    of = f" ({emotions})" if set(rule.when) != rule.emotions else ""
    return f"{what}{of} at {rule.confidence:.0%} for {rule.hold_s:g} of {rule.within_s:g} s"


def _calls(rule: AlertRule) -> str:
    steps = [f"after {step.after_s:g} s {_call(step)}" for step in rule.escalate]
    return "; ".join((_call(rule), *steps))


def _call(how: AlertRule | Escalation) -> str:
    told = " and ".join(how.notify) or "nobody"
    return f"light {how.light}, buzzer {how.buzzer}, tells {told}"


def _told_line(rehearsed: Rehearsed, told: Told) -> str:
    change = told.change
    word: str = change.phase
    if change.phase == "escalated" and change.reason.startswith(AGAIN):
        word = "reminder"
    says = f"by {change.who}" if change.who else change.reason.removeprefix(AGAIN)
    if change.phase in {"raised", "escalated"}:
        says += f", {change.confidence:.0%}"
    return f"  {_when(rehearsed, told.at_s)}  {word:12}  {says}"


def _withheld_line(rehearsed: Rehearsed, held: Stretch) -> str:
    lasted = f" (for {clock_text(held.to_s - held.from_s)})"
    return f"  {_when(rehearsed, held.from_s)}  {'held back':12}  {held.what}{lasted}"


def _when(rehearsed: Rehearsed, at_s: float) -> str:
    wall = rehearsed.play.instant(at_s).wall
    if rehearsed.kind == "recording":
        return f"{clock_text(at_s):>7}  {wall:%H:%M:%S}"
    return f"{wall:%a %m-%d %H:%M:%S}"


def _verdict(story: RuleStory) -> str:
    rule = story.rule
    if story.withheld:
        reasons = dict.fromkeys(held.what.split(",")[0] for held in story.withheld)
        return ", ".join(reasons)
    if story.best < rule.confidence:
        return (
            f"{story.best:.0%} at most (at {clock_text(story.best_at_s)}), "
            f"{rule.confidence:.0%} are asked for"
        )
    return (
        f"it held {story.longest_s:g} s of the {rule.hold_s:g} s at most "
        f"(at {clock_text(story.longest_at_s)})"
    )


def document(rehearsed: Rehearsed, *, file: str) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    play = rehearsed.play
    return {
        "file": file,
        "kind": rehearsed.kind,
        "model": rehearsed.model,
        "began": rfc3339(rehearsed.began),
        "duration_s": round(rehearsed.duration_s, 3),
        "states": [{**_span(state), "state": state.what} for state in play.states],
        "rules": [_rule(story, play.told) for story in play.stories],
        "alarms": [_change(told) for told in play.told],
        "afterwards": [_change(told) for told in play.afterwards],
        "remarks": list(rehearsed.remarks),
    }


def _span(stretch: Stretch) -> dict[str, Any]:
    return {
        "from_s": round(stretch.from_s, 3),
        "to_s": round(stretch.to_s, 3),
        "confidence": round(stretch.confidence, 4),
    }


def _rule(story: RuleStory, told: list[Told]) -> dict[str, Any]:
    rule = story.rule
    n_raised = sum(t.change.rule == rule.name and t.change.phase == "raised" for t in told)
    return {
        "rule": rule.name,
        "asks": _asks(rule),
        "n_raised": n_raised,
        "verdict": None if n_raised else _verdict(story),
        "best_confidence": round(story.best, 4),
        "longest_held_s": story.longest_s,
        "causes": [_span(cause) for cause in story.causes],
        "withheld": [
            {"from_s": round(h.from_s, 3), "to_s": round(h.to_s, 3), "why": h.what}
            for h in story.withheld
        ],
    }


def _change(told: Told) -> dict[str, Any]:
    change = told.change
    return {
        "at_s": round(told.at_s, 3),
        "time": rfc3339(told.at.wall),
        "rule": change.rule,
        "phase": change.phase,
        "severity": change.severity,
        "reason": change.reason,
        "who": change.who,
        "confidence": round(change.confidence, 4),
        "step": change.step,
        "notify": list(change.notify),
    }
