"""How the device is, and its models."""

from __future__ import annotations

from typing import Any

from edge.contract import tables
from edge.dashboard.api import asked
from edge.dashboard.api.blueprint import blueprint
from edge.dashboard.health import health, installed_models
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs


@blueprint.get("/health")
@needs("look")
def device_health() -> Any:
    """Tell how the device is."""
    asked.nothing()
    return tables.to_table(health(pieces()))


@blueprint.get("/models")
@needs("look")
def models() -> dict[str, Any]:
    """Tell which models there are."""
    asked.nothing()
    return {"models": tables.to_table(installed_models(pieces()))}


@blueprint.get("/models/current")
@needs("look")
def current_model() -> dict[str, Any]:
    """Tell what is known of the current model."""
    asked.nothing()
    bundle = pieces().models.current()
    manifest = bundle.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "created": manifest.created_utc,
        "licence": manifest.licence,
        "labels": list(manifest.labels),
        "figures": manifest.metrics,
        "card": bundle.model_card,
    }


@blueprint.post("/models/rollback")
@needs("administer")
def roll_back() -> dict[str, Any]:
    """Go back to the previous model."""
    asked.nothing()
    return {"done": pieces().models.roll_back()}
