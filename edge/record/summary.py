"""What a page tells of days: how people sounded, for how long, and who was called.

Every answer comes from an index or from sums that the log keeps, so that a year in the file does
not make a page slow.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from itertools import pairwise
from typing import Final

from edge.contract.labels import GROUPS, NO_SPEECH
from edge.decide.alarms import TROUBLE
from edge.record.days import day_bounds, days_between, midnight
from edge.record.heard import spans_between
from edge.record.moments import epoch_ms
from edge.record.query import LogReader
from edge.record.timeline import Timeline, timeline

_SUMS: Final = """
    SELECT state, sum(seconds) AS seconds FROM quarters
    WHERE start_ms >= ? AND start_ms < ? GROUP BY state
"""
_RAISED: Final = """
    SELECT at_ms, rule FROM alerts WHERE at_ms >= ? AND at_ms < ? AND phase = 'raised'
"""
_LASTING: Final = """
    SELECT at_ms, duration_s FROM events WHERE id = (SELECT max(id) FROM events)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DaySums:
    """A local day in sums."""

    states_s: Mapping[str, float] = field(default_factory=dict)
    """Seconds of each state; states that did not occur are left out."""
    n_alarms: int = 0
    """Alarms that the rules raised."""
    n_troubles: int = 0
    """Times that the program called because of itself."""

    @property
    def heard_s(self) -> float:
        """Seconds in which somebody listened."""
        return sum(self.states_s.values())

    @property
    def voice_s(self) -> float:
        """Seconds in which somebody spoke."""
        return self.heard_s - self.states_s.get(NO_SPEECH, 0.0)

    def group_s(self, name: str) -> float:
        """Return the seconds of a group of emotions: ``"distress"``, ``"settled"``."""
        return sum(self.states_s.get(state, 0.0) for state in GROUPS[name])


def day_timeline(
    log: LogReader, day: date, zone: tzinfo, *, now: datetime, n_most: int | None = None
) -> Timeline:
    """Return what was heard on a local day; see `timeline`."""
    since, until = day_bounds(day, zone)
    return timeline(log, since, until, now=now, n_most=n_most)


def calendar(
    log: LogReader, first: date, after: date, zone: tzinfo, *, now: datetime
) -> dict[date, DaySums]:
    """Return the sums of each local day on which anything is known.

    Parameters
    ----------
    log : LogReader
    first, after : date
        The second is left out.
    zone : tzinfo
        Where the days begin and end; whole quarters of an hour away from UTC.
    now : datetime
        The present, to which the state of a session that goes on lasts.
    """
    days = list(days_between(first, after))
    starts_ms = [epoch_ms(midnight(day, zone)) for day in (*days, after)]
    states = [_sums(log, *bounds) for bounds in pairwise(starts_ms)]
    _add_lasting(log, states, starts_ms, now_ms=epoch_ms(now))
    alarms, troubles = [0] * len(days), [0] * len(days)
    for row in log.select(_RAISED, (starts_ms[0], starts_ms[-1])):
        counts = troubles if row["rule"].startswith(TROUBLE) else alarms
        counts[bisect_right(starts_ms, row["at_ms"]) - 1] += 1
    sums = (
        DaySums(states_s=states_s, n_alarms=n_alarms, n_troubles=n_troubles)
        for states_s, n_alarms, n_troubles in zip(states, alarms, troubles, strict=True)
    )
    return {day: total for day, total in zip(days, sums, strict=True) if total != DaySums()}


def _sums(log: LogReader, since_ms: int, until_ms: int) -> dict[str, float]:
    return {row["state"]: row["seconds"] for row in log.select(_SUMS, (since_ms, until_ms))}


def _add_lasting(
    log: LogReader, states: list[dict[str, float]], starts_ms: list[int], *, now_ms: int
) -> None:
    """Add the state that lasts, which the sums do not know yet."""
    lasting = next(log.select(_LASTING), None)
    if lasting is None or lasting["duration_s"] is not None:
        return
    for sums, (since_ms, until_ms) in zip(states, pairwise(starts_ms), strict=True):
        if until_ms <= lasting["at_ms"] or since_ms >= now_ms:
            continue
        begin_ms = max(since_ms, lasting["at_ms"])
        for span in spans_between(log, begin_ms, until_ms, now_ms=now_ms):
            if span.begin_ms >= lasting["at_ms"]:
                lasted_s = (span.end_ms - span.begin_ms) / 1000
                sums[span.state] = sums.get(span.state, 0.0) + lasted_s
