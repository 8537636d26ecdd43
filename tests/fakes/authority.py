"""A certificate authority of our own, made by openssl(1), and what it has signed."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support import need


@dataclass(frozen=True)
class Authority:
    """Files in PEM form."""

    ca: Path
    certificate: Path
    """For localhost."""
    key: Path
    stranger: Path
    """Another authority, which has signed nothing here."""


def make_authority(folder: Path) -> Authority:
    """Make an authority, a certificate for localhost, and an authority that is a stranger."""
    need(shutil.which("openssl"), "openssl (Debian package openssl)")
    found = Authority(
        ca=folder / "ca.pem",
        certificate=folder / "server.pem",
        key=folder / "server.key",
        stranger=folder / "stranger.pem",
    )
    for ca in (found.ca, found.stranger):
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *(
                "-days",
                "2",
                "-subj",
                f"/CN={ca.stem}",
                "-out",
                ca,
                "-keyout",
                ca.with_suffix(".key"),
            ),
        )
    _openssl(
        *("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-subj", "/CN=localhost", "-keyout", found.key, "-out", folder / "server.csr"),
    )
    names = folder / "names"
    names.write_text("subjectAltName=DNS:localhost\n")
    _openssl(
        *("x509", "-req", "-days", "2", "-in", folder / "server.csr", "-out", found.certificate),
        *("-CA", found.ca, "-CAkey", found.ca.with_suffix(".key"), "-CAcreateserial"),
        *("-extfile", names),
    )
    return found


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
