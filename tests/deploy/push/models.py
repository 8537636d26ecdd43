"""What is pushed in the tests: offers of the bundled model under other names, signed or not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path

from edge.contract.bundle import ModelBundle
from edge.store.catalog import ModelStore
from tests.edge.store.models import kitchen
from trainer.delivery import signing
from trainer.delivery.offer import Offer


def offer_of(content: bytes, *, key: Path | None) -> Offer:
    """Return the offer of a whole model, as `ser-trainer push` makes it."""
    bundle = ModelBundle.from_bytes(content, source="a test")
    return Offer(
        content=content,
        sha256=bundle.sha256,
        manifest=bundle.manifest,
        signature=_signed(content, key) if key else None,
        signer=None,
        allow_downgrade=False,
    )


def good(version: str, key: Path) -> Offer:
    """Return a signed model that any device takes."""
    return offer_of(kitchen(version), key=key)


def with_content(offer: Offer, content: bytes, key: Path) -> Offer:
    """Return an offer of other content under the same manifest, well signed."""
    sha256 = hashlib.sha256(content).hexdigest()
    return replace(offer, content=content, sha256=sha256, signature=_signed(content, key))


@cache
def _signed(content: bytes, key: Path) -> str:
    return signing.sign(content, key=key)


def running(state: Path) -> str | None:
    """Return the version that the store of a device holds as current, having verified it.

    None is the model that comes with the program. A link that leads nowhere, or a file that is
    not whole, is a failure of the test.
    """
    store = ModelStore(state / "models", keep=5)
    current = store.current()
    if store.current_id() is None:
        return None
    assert current is not None, f"{store.current_id()} leads nowhere"
    bundle = ModelBundle.load(current.path)
    assert (bundle.sha256, bundle.manifest.version) == (current.sha256, current.version)
    return current.version
