"""“That was wrong”: what somebody who was there says of a stretch or an alarm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Blueprint, abort, render_template, request

from edge.contract.labels import STATES
from edge.dashboard.gate import somebody
from edge.dashboard.pages import said, stories
from edge.dashboard.pages.act import done, note_given
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs

blueprint: Final = Blueprint("judge", __name__)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@blueprint.get("/judge/<int:at_ms>")
@needs("acknowledge")
def page(at_ms: int) -> str:
    """Ask what it really was."""
    at = _moment(at_ms)
    with pieces().log() as log:
        span = stories.span_at(log, at, now=pieces().now())
    if span is None:
        abort(404)
    return render_template("judge.html", span=span, at_ms=at_ms, states=STATES)


@blueprint.post("/judge/<int:at_ms>")
@needs("acknowledge")
def judge(at_ms: int) -> Any:
    """Note what was said."""
    at, truth, note = _moment(at_ms), request.form.get("truth") or None, note_given()
    if truth not in (None, "right", "unknown", *STATES):
        return said.back("refused")
    is_right = truth == "right"
    return done(
        lambda: pieces().ears.feedback(
            who=somebody().who,
            heard_at=at.isoformat(timespec="milliseconds"),
            verdict="right" if is_right else "wrong",
            truth=truth if truth in STATES else None,
            note=note,
        ),
        "judged",
    )


def _moment(at_ms: int) -> datetime:
    try:
        return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(pieces().zone)
    except OverflowError:
        abort(404)
