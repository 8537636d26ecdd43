"""The stream of events for pages; the API's is the same."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from edge.dashboard.gate import still_welcome
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs

blueprint: Final = Blueprint("stream", __name__)


@blueprint.get("/live")
@needs("look")
def live() -> Response:
    """Stream what the ears say."""
    return event_stream()


def event_stream() -> Response:
    """Return a stream of events that gives its place back when it ends.

    Raises
    ------
    BusyError
        If there are too many.
    """
    held = pieces().live
    held.enter()
    response = Response(held.events(is_welcome=still_welcome()), mimetype="text/event-stream")
    response.call_on_close(held.leave)
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back
    return response
