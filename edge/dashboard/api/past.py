"""What was: states, alarms, days and months, and all of it as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any, Final

from flask import Response, abort

from edge.contract import tables
from edge.dashboard.api import asked
from edge.dashboard.api.blueprint import blueprint
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.record.export import csv_lines
from edge.record.histories import AlarmHistory, alarm_history, alarms_between, deliveries
from edge.record.moments import rfc3339
from edge.record.query import LogReader, Selection
from edge.record.rows import KINDS, AlertRow, EventRow, Row
from edge.record.summary import calendar as month_sums
from edge.record.summary import day_timeline

ROW_TYPES: Final[dict[str, type[Row]]] = {kind.TABLE: kind for kind in KINDS}
_LINES_AT_ONCE: Final = 200
_A_DAY: Final = timedelta(days=1)
_USUAL_TIME: Final = timedelta(days=30)


@blueprint.get("/events")
@needs("look")
def events() -> dict[str, Any]:
    """Tell the decided states."""
    wanted = asked.only(
        since=asked.a_time,
        until=asked.a_time,
        state=asked.a_state,
        after=asked.an_id,
        limit=asked.a_limit,
    )
    limit = wanted.get("limit", asked.USUAL_ROWS)
    goes_on = "after" in wanted
    selection = Selection(
        since=wanted.get("since"),
        until=wanted.get("until"),
        states=(wanted["state"],) if "state" in wanted else (),
        after_id=wanted.get("after", 0),
        newest=None if goes_on else limit,
    )
    with pieces().log() as log:
        rows = list(islice(log.rows(EventRow, selection), limit))
    return {"events": tables.to_table(rows)}


@blueprint.get("/alarms")
@needs("look")
def alarms() -> dict[str, Any]:
    """Tell the alarms that were raised in a time, newest first."""
    wanted = asked.only(since=asked.a_time, until=asked.a_time, limit=asked.a_limit)
    now = pieces().now()
    since, until = wanted.get("since", now - _USUAL_TIME), wanted.get("until", now + _A_DAY)
    with pieces().log() as log:
        found = alarms_between(log, since, until)[::-1]
    return {"alarms": [_alarm(alarm) for alarm in found[: wanted.get("limit", asked.USUAL_ROWS)]]}


@blueprint.get("/alarms/<alarm>")
@needs("look")
def one_alarm(alarm: str) -> dict[str, Any]:
    """Tell all that became of an alarm, and who was told of it."""
    asked.nothing()
    with pieces().log() as log:
        found = alarm_history(log, asked.an_alarm(alarm))
        told = deliveries(log, alarm)
    if found is None:
        abort(404, f"the log knows no alarm {alarm!r}")
    return {**_alarm(found), "deliveries": tables.to_table(told)}


@blueprint.get("/days/<day>")
@needs("look")
def one_day(day: str) -> dict[str, Any]:
    """Tell what was heard on a local day."""
    wanted = asked.only(limit=asked.a_limit)
    local_day, now = asked.a_day(day), pieces().now()
    with pieces().log() as log:
        heard = day_timeline(
            log, local_day, pieces().zone, now=now, n_most=wanted.get("limit", asked.MOST_ROWS)
        )
        raised = alarms_between(log, heard.begin, heard.end)
    return {
        "begin": rfc3339(heard.begin),
        "end": rfc3339(heard.end),
        "states_s": _seconds(heard.states_s),
        "thinned": heard.is_thinned,
        "stretches": [
            {
                "begin": rfc3339(stretch.begin),
                "end": rfc3339(stretch.end),
                "state": stretch.state,
                "confidence": stretch.confidence,
            }
            for stretch in heard.stretches
        ],
        "alarms": [_alarm(alarm) for alarm in raised],
    }


@blueprint.get("/calendar/<month>")
@needs("look")
def calendar(month: str) -> dict[str, Any]:
    """Tell the sums of each local day of a month."""
    asked.nothing()
    first = asked.a_day(f"{month}-01")
    after = asked.a_day(f"{first.year + first.month // 12:04}-{first.month % 12 + 1:02}-01")
    with pieces().log() as log:
        days = month_sums(log, first, after, pieces().zone, now=pieces().now())
    return {
        "days": [
            {
                "day": day.isoformat(),
                "states_s": _seconds(sums.states_s),
                "alarms": sums.n_alarms,
                "troubles": sums.n_troubles,
            }
            for day, sums in sorted(days.items())
        ]
    }


@blueprint.get("/export.csv")
@needs("look")
def export() -> Response:
    """Give the rows of a kind as CSV, as `ser-edge log --csv` does."""
    wanted = asked.only(kind=asked.one_of(*ROW_TYPES), since=asked.a_time, until=asked.a_time)
    row_type = ROW_TYPES[wanted.get("kind", EventRow.TABLE)]
    selection = Selection(since=wanted.get("since", _today()), until=wanted.get("until"))
    lines = _csv(pieces().log(), row_type, selection)
    head = next(lines)  # from here on the generator closes the log, whatever becomes of it
    response = Response(chain([head], lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={row_type.TABLE}.csv"
    return response


def _alarm(history: AlarmHistory) -> dict[str, Any]:
    return {
        "id": history.alarm,
        "rule": history.rule,
        "severity": history.severity,
        "reason": history.reason,
        "raised": history.changes[0].time,
        "open": history.is_open,
        "changes": [_change(change) for change in history.changes],
    }


def _change(change: AlertRow) -> dict[str, Any]:
    return {
        "time": change.time,
        "phase": change.phase,
        "who": change.who,
        "note": change.note,
        "reason": change.reason,
        "notify": list(change.notify),
    }


def _seconds(states_s: Mapping[str, float]) -> dict[str, float]:
    return {state: round(seconds, 3) for state, seconds in states_s.items()}


def _csv(log: LogReader, row_type: type[Row], selection: Selection) -> Iterator[str]:
    """Yield many lines at once: each piece is a packet of its own."""
    with log:
        lines = csv_lines(log, row_type, selection)
        while piece := list(islice(lines, _LINES_AT_ONCE)):
            yield "".join(f"{line}\r\n" for line in piece)


def _today() -> datetime:
    return pieces().now().replace(hour=0, minute=0, second=0, microsecond=0)
