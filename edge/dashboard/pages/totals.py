"""What the days of a calendar add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from edge.contract.labels import GROUPS, NO_SPEECH
from edge.dashboard.pages.days import midnight
from edge.record.query import LogReader, Selection
from edge.record.rows import AlertRow, EventRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """A day or a week in sums."""

    states_s: Mapping[str, float] = field(default_factory=dict)
    """Seconds in each state."""
    n_alarms: int = 0

    def __add__(self, other: Totals) -> Totals:
        states = self.states_s.keys() | other.states_s.keys()
        return Totals(
            states_s={s: self.states_s.get(s, 0) + other.states_s.get(s, 0) for s in states},
            n_alarms=self.n_alarms + other.n_alarms,
        )

    @property
    def is_empty(self) -> bool:
        """Whether nobody listened."""
        return not self.states_s and not self.n_alarms

    @property
    def voice_s(self) -> float:
        """Seconds in which somebody spoke."""
        return sum(s for state, s in self.states_s.items() if state != NO_SPEECH)

    @property
    def distress_s(self) -> float:
        """Seconds of it in distress."""
        return self._of("distress")

    @property
    def settled_s(self) -> float:
        """Seconds of it in which the voice was calm or neutral."""
        return self._of("settled")

    def _of(self, group: str) -> float:
        return sum(self.states_s.get(state, 0.0) for state in GROUPS[group])


def month_totals(log: LogReader, first: date, after: date, zone: tzinfo) -> dict[date, Totals]:
    """Return the sums of each day from `first` on, up to but not including `after`."""
    selection = Selection(since=midnight(first, zone), until=midnight(after, zone))
    found: dict[date, Totals] = {}
    for row in log.rows(EventRow, selection):
        day = datetime.fromisoformat(row.time).astimezone(zone).date()
        seconds = {row.state: row.duration_s or 0.0}
        found[day] = found.get(day, Totals()) + Totals(states_s=seconds)
    for alert in log.rows(AlertRow, selection):
        if alert.phase == "raised":
            day = datetime.fromisoformat(alert.time).astimezone(zone).date()
            found[day] = found.get(day, Totals()) + Totals(n_alarms=1)
    return found
