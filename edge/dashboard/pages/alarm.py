"""One alarm: what became of it, and a form to acknowledge it with a note while it is open."""

from __future__ import annotations

from typing import Any, Final, get_args

from flask import Blueprint, abort, render_template, request

from edge.dashboard.gate import somebody
from edge.dashboard.pages import said
from edge.dashboard.pages.act import done, note_given
from edge.dashboard.pages.now import AlarmView, view_of
from edge.dashboard.pages.stories import Story, judged, story
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.errors import NoInputError
from edge.record.care import Verdict
from edge.record.histories import alarm_history

blueprint: Final = Blueprint("alarm", __name__)


@blueprint.get("/alarms/<alarm>")
@needs("look")
def page(alarm: str) -> Any:
    """Show an alarm."""
    now, told = _open(alarm), _told(alarm)
    if now is None and told is None:
        abort(404)
    return render_template("alarm.html", alarm=now or told, told=told, is_open=now is not None)


@blueprint.post("/alarms/<alarm>/judge")
@needs("acknowledge")
def judge(alarm: str) -> Any:
    """Note whether it was right to call somebody."""
    told, verdict, note = _told(alarm), request.form.get("verdict"), note_given()
    if told is None:
        abort(404)
    if verdict not in get_args(Verdict):
        return said.back("refused")
    return done(
        lambda: pieces().ears.feedback(
            who=somebody().who,
            heard_at=told.raised.isoformat(timespec="milliseconds"),
            verdict="right" if verdict == "right" else "wrong",
            note=note,
            alarm=alarm,
        ),
        "judged",
    )


def _open(alarm: str) -> AlarmView | None:
    """Return the alarm as the ears have it; they alone know whether it is open."""
    view = view_of(pieces().status(), pieces().zone)
    return next((one for one in view.alarms if one.id == alarm), None)


def _told(alarm: str) -> Story | None:
    try:
        with pieces().log() as log:
            history = alarm_history(log, alarm)
            return judged(log, story(history, pieces().zone)) if history else None
    except NoInputError:
        return None
