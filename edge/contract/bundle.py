"""The one-file model: a TFLite flatbuffer with a ZIP appended, as TFLite Metadata packs its files.

Every TFLite tool opens it and ignores the tail; `zipfile` opens it and ignores the head.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.contract import golden
from edge.contract.golden import GoldenCase
from edge.contract.manifest import Manifest, parse_manifest
from edge.errors import (
    BundleError,
    ChecksumError,
    ManifestError,
    NoInputError,
    NoManifestError,
    NotAModelError,
    OutputError,
    TruncatedModelError,
)

MANIFEST: Final = "manifest.json"
GOLDEN: Final = "golden.npz"
MODEL_CARD: Final = "model_card.md"

_TFLITE_IDENTIFIER: Final = b"TFL3"  # bytes 4 to 8 of every TFLite flatbuffer
_ZIP_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a flipped bit may ask for a compression that nobody has
    OSError,
    OverflowError,
    RuntimeError,  # or for a password
    ValueError,
)

_ZIP_LOCAL_HEADER: Final = b"PK\x03\x04"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelBundle:
    """A verified model file in memory."""

    manifest: Manifest
    flatbuffer: bytes
    golden: tuple[GoldenCase, ...]
    model_card: str
    sha256: str
    """Of the whole file: this is what a push compares and a log line names."""

    @classmethod
    def load(cls, path: Path) -> ModelBundle:
        """Read and verify a model file.

        Raises
        ------
        NoInputError
            If there is no such file.
        BundleError
            In its several kinds, if the file is not a whole and consistent model.
        """
        return cls.from_bytes(read_model(path), source=str(path))

    @classmethod
    def from_bytes(cls, content: bytes, *, source: str) -> ModelBundle:
        """Like `load`, from the bytes of the file; `source` names it in messages."""
        if content[4:8] != _TFLITE_IDENTIFIER:
            raise NotAModelError(
                f"{source}: the file ({len(content)} bytes) is no TFLite model; "
                "expected a .tflite exported by ser-trainer"
            )
        with _open_tail(content, source) as tail:
            manifest = parse_manifest(_member(tail, MANIFEST, source).decode(), source=source)
            cases = _golden_cases(_member(tail, GOLDEN, source), source)
            card = _member(tail, MODEL_CARD, source).decode()
            flatbuffer = content[: min(info.header_offset for info in tail.infolist())]
        _check_sum(flatbuffer, manifest, source)
        return cls(
            manifest=manifest,
            flatbuffer=flatbuffer,
            golden=cases,
            model_card=card,
            sha256=hashlib.sha256(content).hexdigest(),
        )


def write_bundle(
    path: Path,
    *,
    flatbuffer: bytes,
    manifest: Manifest,
    golden_cases: Sequence[GoldenCase],
    model_card: str,
) -> None:
    """Write the model file atomically: afterwards the old file or the new one is there, whole.

    Raises
    ------
    ChecksumError
        If ``manifest.sha256`` is not the flatbuffer's.
    OutputError
        If the file cannot be written.
    """
    packed = pack_bundle(
        flatbuffer=flatbuffer, manifest=manifest, golden_cases=golden_cases, model_card=model_card
    )
    write_packed(path, packed)


def pack_bundle(
    *, flatbuffer: bytes, manifest: Manifest, golden_cases: Sequence[GoldenCase], model_card: str
) -> bytes:
    """Return the content of the model file.

    Raises
    ------
    ChecksumError
        If ``manifest.sha256`` is not the flatbuffer's.
    """
    _check_sum(flatbuffer, manifest, manifest.name)
    buffer = io.BytesIO(flatbuffer)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as tail:
        for name, text in (
            (MANIFEST, manifest.to_json().encode()),
            (GOLDEN, golden.pack(golden_cases)),
            (MODEL_CARD, model_card.encode()),
        ):
            # A fixed date: the same model gives the same bytes.
            tail.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def write_packed(path: Path, packed: bytes) -> None:
    """Write what `pack_bundle` returned, whole or not at all.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(packed)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error


def read_model(path: Path) -> bytes:
    """Return the content of a model file, not verified: `ModelBundle.from_bytes` does that.

    Raises
    ------
    NoInputError
        If there is no such file.
    BundleError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NoInputError(f"{path}: no such model file; check the path") from error
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}; check the path") from error


def _open_tail(content: bytes, source: str) -> zipfile.ZipFile:
    try:
        tail = zipfile.ZipFile(io.BytesIO(content))
    except _ZIP_DAMAGE as error:
        if _ZIP_LOCAL_HEADER in content and MANIFEST.encode() in content:
            raise TruncatedModelError(
                f"{source}: the file breaks off after {len(content)} bytes, within its manifest; "
                "copy it again"
            ) from error
        raise NoManifestError(
            f"{source}: a TFLite model without a manifest (or cut off before it); "
            "expected a file exported by ser-trainer"
        ) from error
    if MANIFEST not in tail.namelist():
        raise NoManifestError(
            f"{source}: the appended files ({', '.join(tail.namelist()) or 'none'}) hold no "
            f"{MANIFEST}; expected a file exported by ser-trainer"
        )
    return tail


def _member(tail: zipfile.ZipFile, name: str, source: str) -> bytes:
    try:
        return tail.read(name)
    except KeyError as error:
        raise ManifestError(f"{source}: the file lacks its {name}; export it again") from error
    except _ZIP_DAMAGE as error:
        raise ChecksumError(f"{source}: its {name} is damaged ({error}); copy it again") from error


def _golden_cases(packed: bytes, source: str) -> tuple[GoldenCase, ...]:
    try:
        return golden.unpack(packed)
    except _ZIP_DAMAGE as error:
        raise ManifestError(f"{source}: {error}; export it again") from error


def _check_sum(flatbuffer: bytes, manifest: Manifest, source: str) -> None:
    found = hashlib.sha256(flatbuffer).hexdigest()
    if found != manifest.sha256:
        raise ChecksumError(
            f"{source}: the network has SHA-256 {found[:12]}..., its manifest says "
            f"{manifest.sha256[:12]}...; copy or export it again"
        )
