"""What is offered to every host: one verified model file, and who signed it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.contract import tables
from edge.contract.bundle import ModelBundle, read_model
from edge.contract.manifest import Manifest, refuse_without_emotions
from trainer.delivery import signing

PROTOCOL: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A model file as a push carries it."""

    content: bytes
    sha256: str
    manifest: Manifest
    signature: str | None
    """Armoured text."""
    signer: str | None
    """Fingerprint of the key that the signature was made with."""
    allow_downgrade: bool

    @property
    def subject(self) -> str:
        """Name and version."""
        return f"{self.manifest.name} {self.manifest.version}"

    def line(self) -> bytes:
        """Return the line that a push begins with."""
        table = {
            "protocol": PROTOCOL,
            "sha256": self.sha256,
            "n_bytes": len(self.content),
            "manifest": tables.to_table(self.manifest),
            "signature": self.signature,
            "allow_downgrade": self.allow_downgrade,
        }
        return json.dumps(table, ensure_ascii=True).encode() + b"\n"


def prepare(model: Path, *, key: Path | None, allow_downgrade: bool) -> Offer:
    """Verify a model file, and sign it or find its signature.

    Parameters
    ----------
    model : Path
    key : Path or None
        Signs the model for this push; without it the signature beside the file is taken.
    allow_downgrade : bool
        Whether a device may take it in the place of a newer one.

    Raises
    ------
    NoInputError, BundleError
        If it is no whole model that a room can use, or the signature is not its own.
    SigningError
        If it cannot be signed.
    """
    content = read_model(model)
    bundle = ModelBundle.from_bytes(content, source=str(model))
    refuse_without_emotions(bundle.manifest)
    signature = signing.sign(content, key=key) if key else signing.read(model)
    source = str(key or signing.signature_path(model))
    return Offer(
        content=content,
        sha256=bundle.sha256,
        manifest=bundle.manifest,
        signature=signature,
        signer=signing.signer(content, signature, source=source) if signature else None,
        allow_downgrade=allow_downgrade,
    )
