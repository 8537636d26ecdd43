"""What the log says of a run: the program, the model, and who set each threshold."""

from __future__ import annotations

from dataclasses import fields

from edge import __version__
from edge.app import models
from edge.config.settings import Config
from edge.contract.bundle import ModelBundle
from edge.contract.manifest import DecisionProposal
from edge.record.backlog import Session, Threshold


def session_of(config: Config, bundle: ModelBundle, *, boot_id: str) -> Session:
    """Return the session of a model that listens with these settings."""
    manifest = bundle.manifest
    return Session(
        version=__version__,
        model=f"{manifest.name} {manifest.version} {bundle.sha256[:8]}",
        thresholds=_thresholds(config, models.decision(config, manifest.decision)),
        boot_id=boot_id,
    )


def _thresholds(config: Config, decision: DecisionProposal) -> dict[str, Threshold]:
    own = models.overrides(config)
    return {
        f.name: Threshold(
            value=getattr(decision, f.name), set_by="config" if f.name in own else "model"
        )
        for f in fields(decision)
    }
