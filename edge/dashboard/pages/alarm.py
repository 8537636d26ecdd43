"""One alarm: what became of it, and a form to acknowledge it with a note."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, abort, render_template

from edge.dashboard.pages.now import view_of
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs

blueprint: Final = Blueprint("alarm", __name__)


@blueprint.get("/alarms/<alarm>")
@needs("look")
def page(alarm: str) -> Any:
    """Show an alarm that is open."""
    view = view_of(pieces().status(), pieces().zone)
    found = next((one for one in view.alarms if one.id == alarm), None)
    if found is None:
        abort(404)
    return render_template("alarm.html", alarm=found)
