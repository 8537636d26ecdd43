"""Keys and signatures for tests, by ssh-keygen itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

from edge.store.signature import NAMESPACE


def make_key(path: Path) -> None:
    comment = f"{path.name}@desk"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)], check=True
    )


def signed(content: Path, key: Path, *, namespace: str = NAMESPACE) -> bytes:
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", namespace]
    with content.open("rb") as file:
        return subprocess.run(command, stdin=file, capture_output=True, check=True).stdout
