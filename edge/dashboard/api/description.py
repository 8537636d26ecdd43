"""The description of the API, by OpenAPI."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Response, make_response

from edge.dashboard.api import asked
from edge.dashboard.api.blueprint import blueprint
from edge.dashboard.roles import open_to_all

FILE: Final = Path(__file__).parents[1] / "openapi.json"


@blueprint.get("/openapi.json")
@open_to_all
def description() -> Response:
    """Tell what the API can do; that is no secret."""
    asked.nothing()
    response = make_response(FILE.read_bytes())
    response.mimetype = "application/json"
    return response
