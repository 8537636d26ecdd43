"""The page of people and tokens."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, render_template

from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs

blueprint: Final = Blueprint("people", __name__)


@blueprint.get("/people")
@needs("administer")
def page() -> str:
    """Show who may do what."""
    return render_template(
        "people.html", people=pieces().people.all(), tokens=pieces().tokens.all()
    )
