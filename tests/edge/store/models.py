"""Model files for tests: the bundled model, packed anew under other names."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path

from edge.contract.bundle import pack_bundle
from edge.contract.manifest import Manifest
from edge.store.catalog import ModelStore
from edge.store.entries import Installed
from tests.fakes.sound import bundled


def manifest(**changes: object) -> Manifest:
    return replace(bundled().manifest, **{"name": "kitchen", "version": "1.0", **changes})


def packed(flatbuffer: bytes | None = None, *, golden=None, **changes: object) -> bytes:
    """Return the bundled model with changes to its manifest, network or golden cases."""
    network = bundled().flatbuffer if flatbuffer is None else flatbuffer
    return pack_bundle(
        flatbuffer=network,
        manifest=manifest(sha256=hashlib.sha256(network).hexdigest(), **changes),
        golden_cases=bundled().golden if golden is None else golden,
        model_card="# For a test\n",
    )


@cache
def kitchen(version: str) -> bytes:
    return packed(version=version)


def added(store: ModelStore, version: str, *, content: bytes | None = None) -> Installed:
    """Install a model that only its version tells from others; its content need not be one."""
    data = content or f"model {version}".encode()
    path = store.root.parent / "sent.tflite"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return store.add(
        path,
        manifest=manifest(version=version),
        sha256=hashlib.sha256(data).hexdigest(),
        signature=b"signed",
        signer="ann@desk",
    )


def store_in(folder: Path, *, keep: int = 5) -> ModelStore:
    return ModelStore(folder / "models", keep=keep)
