"""Spans of one state each, in milliseconds since 1970; between them nobody listened.

A row of the log knows its place on the wall and in the stream. Where the wall goes on and the
stream does not (deaf, muted), nobody listened; what is known of places within a state, from
notes and actions, tells when that was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from edge.record.query import LogReader

_SLACK_MS: Final = 2000
"""Wall and stream may be so far apart and still mean the same: a pause, a buffer, a set clock."""
_SILENT_MS: Final = 150_000
"""Where minutes are counted, no row for so long means that nothing is heard any more."""

_EVENTS: Final = """
    SELECT id, session, at_ms, at_s, state, confidence, duration_s FROM events
    WHERE at_ms >= coalesce((SELECT max(at_ms) FROM events WHERE at_ms < :since), :since)
        AND at_ms < :until ORDER BY at_ms, id
"""
_FOLLOWING: Final = """
    SELECT id, session, at_ms, at_s, state, confidence, duration_s FROM events
    WHERE at_ms >= :until ORDER BY at_ms, id LIMIT 1
"""
_STOPPED: Final = """
    SELECT CAST(round((julianday(stopped) - 2440587.5) * 86400000) AS INTEGER) AS at_ms
    FROM sessions WHERE id = :session
"""
_KNOWN: Final = """
    SELECT at_ms, at_s FROM notes WHERE at_ms > :since AND at_ms < :until AND session = :session
    UNION ALL
    SELECT at_ms, at_s FROM actions WHERE at_ms > :since AND at_ms < :until AND session = :session
    ORDER BY at_ms, at_s
"""
_NEWEST: Final = """
    SELECT max(at_ms) AS at_ms, max(at_s) AS at_s, max(is_minute) AS counts_minutes FROM (
        SELECT at_ms, at_s, 1 AS is_minute FROM (SELECT * FROM minutes ORDER BY id DESC LIMIT 1)
            WHERE session = :session
        UNION ALL SELECT at_ms, at_s, 0 FROM (SELECT * FROM notes ORDER BY id DESC LIMIT 1)
            WHERE session = :session
        UNION ALL SELECT at_ms, at_s, 0 FROM (SELECT * FROM actions ORDER BY id DESC LIMIT 1)
            WHERE session = :session)
"""
_MUTED: Final = """
    SELECT action, session, at_ms, at_s FROM actions WHERE action IN ('muted', 'unmuted')
    ORDER BY id DESC LIMIT 1
"""


class Span(NamedTuple):
    """A stretch of time in one state."""

    begin_ms: int
    end_ms: int
    state: str
    confidence: float
    event: int
    """Id of the event that began it."""


class _Place(NamedTuple):
    """A moment that is known on the wall and in the stream."""

    at_ms: int
    at_s: float


def spans_between(log: LogReader, since_ms: int, until_ms: int, *, now_ms: int) -> Iterator[Span]:
    """Yield what was heard, oldest first, cut off at both ends.

    Parameters
    ----------
    log : LogReader
    since_ms, until_ms : int
        The second is left out.
    now_ms : int
        The present, to which the state of a session that goes on lasts.
    """
    until_ms = min(until_ms, now_ms)
    bounds = {"since": since_ms, "until": until_ms}
    rows = [*log.select(_EVENTS, bounds), *log.select(_FOLLOWING, bounds), None]
    for row, following in pairwise(rows):
        if row is None or row["at_ms"] >= until_ms:
            return
        last_ms = until_ms if following is None else min(until_ms, following["at_ms"])
        for begin_ms, end_ms in _heard(log, row, following, now_ms):
            first_ms, after_ms = max(begin_ms, since_ms), min(end_ms, last_ms)
            if first_ms < after_ms:
                yield Span(first_ms, after_ms, row["state"], row["confidence"], row["id"])


def _heard(
    log: LogReader, row: sqlite3.Row, following: sqlite3.Row | None, now_ms: int
) -> Iterator[tuple[int, int]]:
    """Yield when the state of an event was heard; more than once where it was interrupted."""
    begin = _Place(row["at_ms"], row["at_s"])
    if row["duration_s"] is None:
        yield from _still_heard(log, begin, row["session"], now_ms)
        return
    end_s = begin.at_s + row["duration_s"]
    lasted_ms = round(1000 * row["duration_s"])
    goes_on = following is not None and following["session"] == row["session"]
    end_ms = following["at_ms"] if following is not None and goes_on else None
    if end_ms is not None and end_ms - begin.at_ms - lasted_ms <= _SLACK_MS:
        yield begin.at_ms, end_ms
        return
    end_ms = end_ms or _stopped_ms(log, row["session"]) or begin.at_ms + lasted_ms
    yield from _pieces(log, begin, _Place(end_ms, end_s), row["session"])


def _still_heard(
    log: LogReader, begin: _Place, session: int, now_ms: int
) -> Iterator[tuple[int, int]]:
    (newest,) = log.select(_NEWEST, {"session": session})
    last = max(begin, _Place(newest["at_ms"] or 0, newest["at_s"] or 0.0))
    muted = next(log.select(_MUTED), None)
    if muted and (muted["action"], muted["session"]) == ("muted", session):
        last = max(begin, _Place(muted["at_ms"], muted["at_s"]))
    elif not newest["counts_minutes"] or now_ms - last.at_ms < _SILENT_MS:
        last = _Place(now_ms, last.at_s + (now_ms - last.at_ms) / 1000)
    yield from _pieces(log, begin, last, session)


def _pieces(log: LogReader, begin: _Place, end: _Place, session: int) -> Iterator[tuple[int, int]]:
    """Yield what the stream went on for between two places, joined where nothing is missing."""
    known = log.select(_KNOWN, {"since": begin.at_ms, "until": end.at_ms, "session": session})
    begin_ms = begin.at_ms
    for one, other in pairwise([begin, *(_Place(*row) for row in known), end]):
        heard_ms = one.at_ms + round(1000 * max(0.0, other.at_s - one.at_s))
        if other.at_ms - heard_ms > _SLACK_MS:
            yield begin_ms, heard_ms
            begin_ms = other.at_ms
    yield begin_ms, end.at_ms


def _stopped_ms(log: LogReader, session: int) -> int | None:
    found = next(log.select(_STOPPED, {"session": session}), None)
    return None if found is None else found["at_ms"]
