"""What stands in the store's JSON files: a model, a trial, how a trial ended."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from edge.contract import tables
from edge.contract.manifest import Manifest
from edge.errors import ChecksumError, StoreError
from edge.store import durable

MODEL_FILE: Final = "model.tflite"
SIGNATURE_FILE: Final = "model.tflite.sig"
RECORD_FILE: Final = "received.json"

N_HEX_OF_ID: Final = 8
_N_CHARACTERS_OF_ID: Final = 60
_PIECE_BYTES: Final = 2**20

Outcome = Literal["confirmed", "reverted", "rolled back"]
"""How a trial ended; the last is a rollback by hand, without a trial."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What was known of a model when it was received: ``received.json``."""

    id: str
    name: str
    version: str
    created_utc: str
    sha256: str
    """Of the whole model file."""
    signer: str | None
    """The principal of ``allowed_signers`` who signed it; None where nobody did."""
    received_utc: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed(Record):
    """An installed model; its folder never changes."""

    path: Path
    """The model file."""

    @property
    def signature_path(self) -> Path:
        """The detached signature; there is no such file for an unsigned model."""
        return self.path.with_name(SIGNATURE_FILE)

    def refuse_damaged(self) -> None:
        """Raise where the file is not, to the last bit, the one that was received.

        Raises
        ------
        ChecksumError
        """
        found = _found_sha256(self.path)
        if found != self.sha256:
            raise ChecksumError(
                f"installed model {self.id}: its file has SHA-256 {found[:12]}..., but "
                f"{self.sha256[:12]}... was received; push it again"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """A model that was switched to and has not proved itself yet; None stands for the bundled."""

    model: str | None
    back_to: str | None
    """The model that runs again if it fails."""
    begun_utc: str
    boot_id: str | None = None
    """The boot in which a process is trying it; None while none does."""
    n_starts: int = 0
    """How often a process has begun to try it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal(Trial):
    """``trial.json``: the trial, what to repair around it, and its outcome once it is decided."""

    previous: str | None
    """Where ``previous`` shall point if the trial ends badly."""
    outcome: Outcome | None = None
    """None until it is decided; from then on whoever opens the store carries it out."""
    why: str = ""
    at_utc: str = ""

    @property
    def trial(self) -> Trial:
        """The part that others may know."""
        return Trial(**{f.name: getattr(self, f.name) for f in fields(Trial)})

    def decided(self, outcome: Outcome, *, why: str, at_utc: str) -> Journal:
        """Return it with its outcome."""
        return replace(self, outcome=outcome, why=why, at_utc=at_utc)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialOutcome:
    """How the last trial ended: ``last_trial.json``."""

    model: str | None
    outcome: Outcome
    why: str
    begun_utc: str
    at_utc: str


def model_id(name: str, version: str, sha256: str) -> str:
    """Return the name of a model's folder; nothing in the manifest can lead out of the store."""
    said = re.sub(r"[^A-Za-z0-9._-]", "_", f"{name}-{version}").lstrip(".-")
    return f"{said[:_N_CHARACTERS_OF_ID]}-{sha256[:N_HEX_OF_ID]}"


def record_of(manifest: Manifest, *, sha256: str, signer: str | None, received_utc: str) -> Record:
    """Return what shall be known of a model."""
    return Record(
        id=model_id(manifest.name, manifest.version, sha256),
        name=manifest.name,
        version=manifest.version,
        created_utc=manifest.created_utc,
        sha256=sha256,
        signer=signer,
        received_utc=received_utc,
    )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def read_installed(folder: Path) -> Installed:
    """Return the model in a folder of the store.

    Raises
    ------
    StoreError
        If it is missing or cannot be read.
    """
    record = read_entry(Record, folder / RECORD_FILE)
    if record is None:
        raise StoreError(f"{folder} holds no installed model; push the model again")
    return Installed(**tables.to_table(record), path=folder / MODEL_FILE)


def read_entry(cls: type[T], path: Path) -> T | None:
    """Read a JSON file; None where there is none. Keys that only a newer program knows are ignored.

    Raises
    ------
    StoreError
    """
    with durable.reported(path):
        try:
            text = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
    try:
        return tables.from_table(cls, _known(cls, json.loads(text)), path="")
    except ValueError as error:
        raise StoreError(f"{path} is damaged ({error}); it is not used") from error


def write_entry(path: Path, entry: object) -> None:
    """Write a JSON file, whole or not at all."""
    text = json.dumps(tables.to_table(entry), indent=2, ensure_ascii=False) + "\n"
    durable.write_file(path, text.encode())


def _known(cls: Any, table: object) -> object:
    if not isinstance(table, dict):
        return table
    return {f.name: table[f.name] for f in fields(cls) if f.name in table}


def _found_sha256(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise ChecksumError(
            f"installed model {path.parent.name}: its file cannot be read "
            f"({error.strerror}); push it again"
        ) from error
