"""The page of the device's health."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, render_template

from edge.dashboard.roles import needs

blueprint: Final = Blueprint("health", __name__)


@blueprint.get("/health")
@needs("look")
def page() -> str:
    """Show how the device is."""
    return render_template("health.html")
