"""What the log says of a time, as pages tell it: stretches of one state, alarms with their ends.

Everything is in the room's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from edge.dashboard.i18n import gettext
from edge.dashboard.pages import wording
from edge.record.query import LogReader, Selection
from edge.record.rows import AlertRow, EventRow, FeedbackRow

_LONGEST: Final = timedelta(hours=36)
"""An alarm is told of so long at most after it was raised."""
_OVER: Final = frozenset({"acknowledged", "ended"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A stretch of time in one state."""

    begin: datetime
    end: datetime
    state: str
    confidence: float
    judgement: str | None = None
    """What somebody said of it, in words."""

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return (self.end - self.begin).total_seconds()

    @property
    def begin_ms(self) -> int:
        """Its beginning in milliseconds since the epoch, as addresses have it."""
        return round(self.begin.timestamp() * 1000)


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
        return gettext(wording.PHASE_WORDS.get(self.phase, self.phase))


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """An alarm from its beginning to its end."""

    id: str
    rule: str
    severity: str
    changes: tuple[Change, ...]
    """Oldest first; there is one at least."""

    @property
    def raised(self) -> datetime:
        """When it began."""
        return self.changes[0].at

    @property
    def reason(self) -> str:
        """Why."""
        return self.changes[0].reason

    @property
    def title(self) -> str:
        """What it was about."""
        return wording.rule_title(self.rule)

    @property
    def severity_word(self) -> str:
        """How bad it was."""
        return gettext(wording.SEVERITY_WORDS.get(self.severity, self.severity))

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered it and it has not ended."""
        return not any(change.phase in _OVER for change in self.changes)


def spans(log: LogReader, since: datetime, until: datetime, *, now: datetime) -> list[Span]:
    """Return the stretches that begin in a time, oldest first."""
    selection = Selection(since=since, until=until)
    rows = list(log.rows(EventRow, selection))
    return [
        Span(
            begin=begin,
            end=_end(row, begin, following, now),
            state=row.state,
            confidence=row.confidence,
        )
        for row, begin, following in _with_following(rows, since.tzinfo)
    ]


def span_at(log: LogReader, at: datetime, *, now: datetime) -> Span | None:
    """Return the stretch that begins at a time, to the millisecond."""
    found = spans(log, at, at + timedelta(milliseconds=1), now=now)
    return found[0] if found else None


def stories(log: LogReader, since: datetime, until: datetime) -> list[Story]:
    """Return the alarms that were raised in a time, newest first, with all that became of them."""
    selection = Selection(since=since, until=until + _LONGEST)
    changes: dict[str, list[AlertRow]] = {}
    for row in log.rows(AlertRow, selection):
        changes.setdefault(row.alarm, []).append(row)
    told = [_story(rows, since.tzinfo) for rows in changes.values()]
    return [story for story in reversed(told) if story and story.raised < until]


def judgements(log: LogReader, since: datetime, until: datetime) -> dict[int, str]:
    """Return what was said of the stretches of a time, by their beginnings in milliseconds."""
    # It is said later than it was heard: today, or a few days after.
    rows = log.rows(FeedbackRow, Selection(since=since))
    return {
        round(heard.timestamp() * 1000): _judgement(row)
        for row in rows
        if since <= (heard := datetime.fromisoformat(row.heard_at)) < until
    }


def _with_following(
    rows: list[EventRow], zone: tzinfo | None
) -> Iterator[tuple[EventRow, datetime, datetime | None]]:
    begins = [datetime.fromisoformat(row.time).astimezone(zone) for row in rows]
    return zip(rows, begins, [*begins[1:], None], strict=True)


def _end(row: EventRow, begin: datetime, following: datetime | None, now: datetime) -> datetime:
    if row.duration_s is not None:
        return begin + timedelta(seconds=row.duration_s)
    return following or max(begin, now)


def _story(rows: Iterable[AlertRow], zone: tzinfo | None) -> Story | None:
    """Return an alarm's story; None where its beginning is not among the rows."""
    known = list(rows)
    if known[0].phase != "raised":
        return None
    return Story(
        id=known[0].alarm,
        rule=known[0].rule,
        severity=known[-1].severity,
        changes=tuple(
            Change(
                at=datetime.fromisoformat(row.time).astimezone(zone),
                phase=row.phase,
                who=row.who,
                reason=row.reason,
                note=row.note,
            )
            for row in known
        ),
    )


def _judgement(row: FeedbackRow) -> str:
    if row.verdict == "right":
        return gettext("judged right")
    if row.truth is None:
        return gettext("judged wrong")
    return gettext("judged wrong; it was: %(truth)s", truth=wording.state_word(row.truth))
