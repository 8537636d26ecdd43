"""What a device has before a push: its current model, its service, and whose signatures count."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.app import models
from edge.config.load import Loaded
from edge.config.places import NAME, Places
from edge.contract.bundle import ModelBundle
from edge.errors import SerError
from edge.service.status import Status, read_status, status_file
from edge.store.admission import Release
from edge.store.catalog import ModelStore

SIGNERS: Final = "allowed_signers"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """The current model."""

    id: str | None
    """None for the one that comes with the program."""
    release: Release
    sha256: str

    def table(self) -> dict[str, Any]:
        """Return it as a push tells it."""
        name, version = self.release.name, self.release.version
        return {"id": self.id, "name": name, "version": version, "sha256": self.sha256}


def standing(store: ModelStore) -> Standing | None:
    """Return the current model; None where it is damaged, so that any push is a remedy."""
    try:
        current = store.current()
        if current is None:
            return _bundled()
        current.refuse_damaged()
    except SerError:
        return None
    release = Release(name=current.name, version=current.version, created_utc=current.created_utc)
    return Standing(id=current.id, release=release, sha256=current.sha256)


def signers_file(loaded: Loaded, places: Places) -> Path:
    """Return the file of those whose signatures count."""
    if named := loaded.config.store.signers:
        return Path(named)
    folder = loaded.file.parent if loaded.file else places.root / "etc" / NAME
    return folder / SIGNERS


def live_status(places: Places) -> Status | None:
    """Return what the running service says of itself; None where none is alive."""
    status = read_status(status_file(places))
    return status if status and status.alive else None


def _bundled() -> Standing:
    bundle = ModelBundle.load(models.bundled_model())
    return Standing(id=None, release=Release.of(bundle.manifest), sha256=bundle.sha256)
