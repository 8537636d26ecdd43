"""What the log says of a run: the program, the model, and who set each threshold."""

from __future__ import annotations

from dataclasses import fields, replace

from edge import __version__
from edge.app import models
from edge.config.settings import Config
from edge.contract.bundle import ModelBundle
from edge.contract.manifest import DecisionProposal
from edge.decide.baseline import STRENGTH
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


def relative_session(session: Session) -> Session:
    """Return the session in which decisions are relative to a person's usual voice."""
    relative = {"adaptation": Threshold(value=STRENGTH, set_by="config")}
    return replace(session, thresholds={**session.thresholds, **relative})


def _thresholds(config: Config, decision: DecisionProposal) -> dict[str, Threshold]:
    own = models.overrides(config)
    return {
        f.name: Threshold(
            value=getattr(decision, f.name), set_by="config" if f.name in own else "model"
        )
        for f in fields(decision)
    }
