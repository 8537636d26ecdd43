"""The states in a log, played to alert rules with the times that they had."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from operator import attrgetter
from typing import Final

from edge.decide.alarms import Instant
from edge.decide.alerts import AlertRule, RuleWatch
from edge.decide.rehearsal import Look, Rehearsal
from edge.record.query import ActionRow, AlertRow, EventRow, LogReader, MinuteRow, Row, Selection

_HOP_S: Final = 0.5
_RATE_HZ: Final = 1000
"""Positions are counted in milliseconds: a log knows no samples of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Placed:
    """A row, and where it stands from the beginning on."""

    at_s: float
    row: Row


class LogReplay:
    """A stretch of a log on one line of time, on which no clock jumps.

    Within a session the stream tells the time; from one session to the next the wall does, if it
    does not go back. Who acknowledged or snoozed does so again.

    Parameters
    ----------
    reader : LogReader
    since, until : datetime, optional
    usual : timedelta
        How much is taken before the newest state where `since` is not given.
    """

    def __init__(
        self,
        reader: LogReader,
        *,
        since: datetime | None,
        until: datetime | None,
        usual: timedelta,
    ) -> None:
        if since is None:
            newest = list(reader.rows(EventRow, Selection(until=until, newest=1)))
            since = datetime.fromisoformat(newest[0].time) - usual if newest else None
        selection = Selection(since=since, until=until)
        events = list(reader.rows(EventRow, selection))
        deeds = (*reader.rows(AlertRow, selection), *reader.rows(ActionRow, selection))
        self._placed = list(_placed([*events, *deeds]))
        self._starts = [placed.at_s for placed in self._placed]
        self._known_s = self._known(reader)
        self.models = tuple(dict.fromkeys(event.model for event in events))

    @property
    def began(self) -> datetime | None:
        """Local time of the first row; None where there is no state."""
        return datetime.fromisoformat(self._placed[0].row.time) if self.models else None

    @property
    def duration_s(self) -> float:
        """From the first row to the end of the last state."""
        return max(self._known_s, *(self._end_s(placed) for placed in self._placed))

    def instant(self, at_s: float) -> Instant:
        """Return both clocks at a position: the wall is that of the row before it."""
        placed = self._placed[max(0, bisect_right(self._starts, at_s) - 1)]
        wall = datetime.fromisoformat(placed.row.time) + timedelta(seconds=at_s - placed.at_s)
        return Instant(monotonic_s=at_s, wall=wall)

    def play_to(self, play: Rehearsal) -> None:
        """Let rules hear the states, and people do what they did."""
        deeds = (placed for placed in self._placed if not isinstance(placed.row, EventRow))
        looks = self._looks([story.rule for story in play.stories])
        for what in merge(looks, deeds, key=attrgetter("at_s")):
            if isinstance(what, Look):
                play.look(what)
            elif isinstance(what, _Placed):
                _do(what, play)
        play.wait(self.duration_s)

    def _looks(self, rules: list[AlertRule]) -> Iterator[Look]:
        hop_length = round(_HOP_S * _RATE_HZ)
        watches = [
            RuleWatch(rule, sample_rate_hz=_RATE_HZ, hop_length=hop_length) for rule in rules
        ]
        for placed in self._placed:
            if isinstance(placed.row, EventRow):
                yield from _state(placed.row, watches, placed.at_s, to_s=self._end_s(placed))

    def _end_s(self, placed: _Placed) -> float:
        if not isinstance(placed.row, EventRow):
            return placed.at_s
        if placed.row.duration_s is None:  # it lasts: so much of it is known
            return max(placed.at_s, self._known_s)
        return placed.at_s + placed.row.duration_s

    def _known(self, reader: LogReader) -> float:
        """Return the position of the newest minute, if it is of the last session."""
        minutes = list(reader.rows(MinuteRow, Selection(newest=1)))
        last = self._placed[-1] if self._placed else None
        if not last or not minutes or minutes[0].session != last.row.session:
            return 0.0
        return last.at_s + minutes[0].at_s - last.row.at_s


def _placed(rows: Iterable[Row]) -> Iterator[_Placed]:
    """Place rows in their true order, which is that of their sequence."""
    session, base_s, at_s = 0, 0.0, 0.0
    before: datetime | None = None
    for row in sorted(rows, key=attrgetter("session", "sequence")):
        wall = datetime.fromisoformat(row.time)
        if row.session != session:
            passed_s = (wall - before).total_seconds() if before else 0.0
            session, base_s = row.session, at_s + max(0.0, passed_s) - row.at_s
        at_s, before = max(at_s, base_s + row.at_s), wall
        yield _Placed(at_s=at_s, row=row)


def _state(row: EventRow, watches: list[RuleWatch], at_s: float, *, to_s: float) -> Iterator[Look]:
    """Play a state from its beginning to its end; of a silence only what is remembered in it."""
    while at_s < to_s:
        if not row.probabilities and not any(watch.held_s or watch.cause for watch in watches):
            at_s = to_s
        at_s = min(at_s + _HOP_S, to_s)
        for watch in watches:
            watch.push(row.probabilities, at_sample=round(at_s * _RATE_HZ))
        yield Look(
            at_s=at_s,
            state=row.state,
            confidence=row.confidence,
            probabilities=row.probabilities,
            held_s={watch.rule.name: watch.held_s for watch in watches},
            holding={watch.rule.name: cause for watch in watches if (cause := watch.cause)},
        )


def _do(placed: _Placed, play: Rehearsal) -> None:
    """Let somebody do what the log says that they did."""
    row, at_s = placed.row, placed.at_s
    if isinstance(row, AlertRow) and row.phase == "acknowledged":
        play.answer(at_s, row.rule, who=row.who)
    elif isinstance(row, ActionRow) and row.action == "snoozed" and row.until:
        until, since = datetime.fromisoformat(row.until), datetime.fromisoformat(row.time)
        play.snooze(at_s, for_s=(until - since).total_seconds(), who=row.who)
    elif isinstance(row, ActionRow) and row.action == "snooze ended":
        play.end_snooze(at_s, who=row.who)
