"""What the log says of a time, as pages tell it: alarms with their ends, and what people judged.

Everything is in the room's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from edge.dashboard.i18n import gettext
from edge.dashboard.pages import wording
from edge.record.histories import AlarmHistory, alarms_between
from edge.record.query import LogReader, Selection
from edge.record.rows import FeedbackRow
from edge.record.timeline import Stretch


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something that happened to an alarm."""

    at: datetime
    phase: str
    who: str
    reason: str
    note: str

    @property
    def phase_word(self) -> str:
        """What happened, in a word or two."""
        return wording.phase_word(self.phase)


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """An alarm from its beginning to its end."""

    id: str
    rule: str
    severity: str
    reason: str
    changes: tuple[Change, ...]
    """Oldest first; there is one at least."""
    is_open: bool

    @property
    def raised(self) -> datetime:
        """When it began."""
        return self.changes[0].at

    @property
    def title(self) -> str:
        """What it was about."""
        return wording.rule_title(self.rule)

    @property
    def severity_word(self) -> str:
        """How bad it was."""
        return wording.severity_word(self.severity)


def stories(log: LogReader, since: datetime, until: datetime) -> list[Story]:
    """Return the alarms that were raised in a time, newest first, with all that became of them."""
    return [story(told, since.tzinfo) for told in reversed(alarms_between(log, since, until))]


def story(history: AlarmHistory, zone: tzinfo | None) -> Story:
    """Return an alarm as a page tells it."""
    return Story(
        id=history.alarm,
        rule=history.rule,
        severity=history.severity,
        reason=history.reason,
        is_open=history.is_open,
        changes=tuple(
            Change(
                at=datetime.fromisoformat(change.time).astimezone(zone),
                phase=change.phase,
                who=change.who,
                reason=change.reason,
                note=change.note,
            )
            for change in history.changes
        ),
    )


def judged(log: LogReader, told: Story) -> Story:
    """Return an alarm with what people said of it as the last of what became of it."""
    rows = log.rows(FeedbackRow, Selection(since=told.raised))
    said = tuple(
        Change(
            at=datetime.fromisoformat(row.time).astimezone(told.raised.tzinfo),
            phase=row.verdict,
            who=row.who,
            reason="",
            note=row.note,
        )
        for row in rows
        if row.alarm == told.id
    )
    return replace(told, changes=told.changes + said)


def judgements(log: LogReader, stretches: Sequence[Stretch]) -> dict[int, str]:
    """Return what was said of stretches, newest word last, by the ids of their events."""
    if not stretches:
        return {}
    # It is said later than it was heard: today, or a few days after.
    rows = log.rows(FeedbackRow, Selection(since=stretches[0].begin))
    said = [(datetime.fromisoformat(row.heard_at), row) for row in rows]
    return {
        stretch.event: _judgement(row)
        for stretch in stretches
        for row in _within(said, stretch.begin, stretch.end)
    }


def _within(
    said: Iterable[tuple[datetime, FeedbackRow]], begin: datetime, end: datetime
) -> list[FeedbackRow]:
    return [row for heard, row in said if begin <= heard < end]


def _judgement(row: FeedbackRow) -> str:
    if row.verdict == "right":
        return gettext("right")
    if row.truth is None:
        return gettext("wrong")
    return gettext("wrong; it was: %(truth)s", truth=wording.state_word(row.truth))
