"""The page of the device's health and of its models."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from flask import Blueprint, render_template

from edge.contract.bundle import ModelBundle
from edge.dashboard.cards import blocks_of
from edge.dashboard.health import health, installed_models
from edge.dashboard.pages import said
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.errors import SerError

blueprint: Final = Blueprint("health", __name__)


@blueprint.get("/health")
@needs("look")
def page() -> str:
    """Show how the device is."""
    return _page()


@blueprint.post("/health/rollback")
@needs("administer")
def roll_back() -> Any:
    """Go back to the previous model."""
    try:
        pieces().models.roll_back()
    except SerError as error:
        return _page(fault=str(error)), 409
    return said.back("rolled back")


def _page(*, fault: str = "") -> str:
    held = pieces()
    models, troubles = _models()
    bundle = _current()
    return render_template(
        "health.html",
        health=health(held),
        models=models,
        troubles=troubles,
        bundle=bundle,
        card=blocks_of(bundle.model_card) if bundle else [],
        fault=fault,
        local=_local,
    )


def _models() -> tuple[list[Any], tuple[str, ...]]:
    try:
        return list(installed_models(pieces())), ()
    except SerError as error:
        return [], (str(error),)


def _current() -> ModelBundle | None:
    """Return the current model; None of one that is damaged, which the list tells."""
    try:
        return pieces().models.current()
    except SerError:
        return None


def _local(time: str) -> datetime:
    """Return a time of the log or the store in the room's zone."""
    return datetime.fromisoformat(time).astimezone(pieces().zone)
