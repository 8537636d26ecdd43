"""What was: states, alarms, days and months, and all of it as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final

from flask import Response

from edge.contract import tables
from edge.dashboard.api import asked
from edge.dashboard.api.blueprint import blueprint
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.record.export import csv_header, csv_line
from edge.record.query import LogReader, Selection
from edge.record.rows import KINDS, EventRow, Row

ROW_TYPES: Final[dict[str, type[Row]]] = {kind.TABLE: kind for kind in KINDS}
_LINES_AT_ONCE: Final = 200


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


@blueprint.get("/export.csv")
@needs("look")
def export() -> Response:
    """Give the rows of a kind as CSV, as `ser-edge log --csv` does."""
    wanted = asked.only(kind=asked.one_of(*ROW_TYPES), since=asked.a_time, until=asked.a_time)
    row_type = ROW_TYPES[wanted.get("kind", EventRow.TABLE)]
    selection = Selection(since=wanted.get("since", _today()), until=wanted.get("until"))
    log = pieces().log()
    response = Response(_csv(log, row_type, selection), mimetype="text/csv")
    response.call_on_close(log.close)
    response.headers["Content-Disposition"] = f"attachment; filename={row_type.TABLE}.csv"
    return response


def _csv(log: LogReader, row_type: type[Row], selection: Selection) -> Iterator[str]:
    """Yield many lines at once: each piece is a packet of its own."""
    rows = log.rows(row_type, selection)
    lines = [csv_header(row_type)]
    while lines:
        yield "".join(f"{line}\r\n" for line in lines)
        lines = [csv_line(row) for row in islice(rows, _LINES_AT_ONCE)]


def _today() -> datetime:
    return pieces().now().replace(hour=0, minute=0, second=0, microsecond=0)
