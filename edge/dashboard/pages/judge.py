"""“That was wrong”: what somebody who was there says of a stretch of time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from flask import Blueprint, abort, render_template, request

from edge.contract.labels import STATES
from edge.dashboard.gate import somebody
from edge.dashboard.pages import said
from edge.dashboard.pages.act import done, note_given
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.record.query import Selection
from edge.record.rows import EventRow

blueprint: Final = Blueprint("judge", __name__)

_RIGHT: Final = "right"
_UNKNOWN: Final = "unknown"
_LAST_ID: Final = 2**62


@blueprint.get("/judge/<int:event>")
@needs("acknowledge")
def page(event: int) -> str:
    """Ask what it really was."""
    row, begin = _judged(event)
    return render_template("judge.html", row=row, begin=begin, states=STATES)


@blueprint.post("/judge/<int:event>")
@needs("acknowledge")
def judge(event: int) -> Any:
    """Note what was said."""
    _row, begin = _judged(event)
    truth, note = request.form.get("truth", _UNKNOWN), note_given()
    if truth not in {_RIGHT, _UNKNOWN, *STATES}:
        return said.back("refused")
    return done(
        lambda: pieces().ears.feedback(
            who=somebody().who,
            heard_at=begin.isoformat(timespec="milliseconds"),
            verdict="right" if truth == _RIGHT else "wrong",
            truth=truth if truth in STATES else None,
            note=note,
        ),
        "judged",
    )


def _judged(event: int) -> tuple[EventRow, datetime]:
    """Return a state of the log, and when it began."""
    if not 0 < event < _LAST_ID:
        abort(404)
    with pieces().log() as log:
        row = next(iter(log.rows(EventRow, Selection(after_id=event - 1))), None)
    if row is None or row.id != event:
        abort(404)
    return row, datetime.fromisoformat(row.time).astimezone(pieces().zone)
