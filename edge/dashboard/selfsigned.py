"""A certificate of our own for HTTPS in the home's network: made once, by the system's openssl."""

from __future__ import annotations

import os
import ssl
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from edge.errors import RecordError
from edge.service.tools import ask

_DAYS: Final = 3650
_LIMIT_S: Final = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A certificate and its private key."""

    certificate: Path
    key: Path


def certificate_in(folder: Path, *, names: tuple[str, ...]) -> Pair:
    """Return the certificate in a folder, made now if it is not there yet.

    Parameters
    ----------
    folder : Path
        The state directory.
    names : tuple of str
        Names under which browsers ask for this machine.

    Raises
    ------
    RecordError
        If it cannot be made.
    """
    pair = Pair(certificate=folder / "dashboard.crt", key=folder / "dashboard.key")
    if not (pair.certificate.exists() and pair.key.exists()):
        _make(pair, names)
    return pair


def fingerprint_of(certificate: Path) -> str:
    """Return what a browser shows of the certificate: ``AB:CD:...``, by SHA-256."""
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="ascii"))
    return sha256(der).digest().hex(":").upper()


def _make(pair: Pair, names: tuple[str, ...]) -> None:
    folder = pair.certificate.parent
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".certificate-") as name:
        part = Pair(certificate=Path(name) / "crt", key=Path(name) / "key")
        answer = ask(*_command(part, names), limit_s=_LIMIT_S)
        if answer.fault:
            raise RecordError(
                f"a certificate cannot be made: {answer.fault} {answer.text}".strip()
                + "; install it with `sudo apt install openssl`, or set dashboard.certificate"
            )
        part.key.chmod(0o600)
        if os.geteuid() == 0:
            owner = folder.stat()
            for file in (part.key, part.certificate):
                os.chown(file, owner.st_uid, owner.st_gid)
        part.key.replace(pair.key)
        part.certificate.replace(pair.certificate)


def _command(part: Pair, names: tuple[str, ...]) -> tuple[str, ...]:
    alternatives = ",".join(f"DNS:{name}" for name in names)
    return (
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-days", str(_DAYS), "-subj", f"/CN={names[0]}"),
        *("-addext", f"subjectAltName={alternatives}", "-addext", "extendedKeyUsage=serverAuth"),
        *("-keyout", str(part.key), "-out", str(part.certificate)),
    )
