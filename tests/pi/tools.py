"""What the virtual Pi needs of this machine, where it keeps things, and how programs are run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support import REPOSITORY

# Program -> the Debian package that brings it.
PACKAGES = {
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-aarch64-static": "qemu-user-static",
    "arch-test": "arch-test",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "fdtput": "device-tree-compiler",
    "cpio": "cpio",
    "depmod": "kmod",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}


def cache(*parts: str) -> Path:
    """Return a folder of the cache, made where it is not there."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home.joinpath("ser-edge", *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def recordings() -> Path:
    """Return the folder of real recordings, be it there or not."""
    return Path(os.environ.get("SER_DATA") or REPOSITORY.parent / "shared" / "data")


def run(*command: object, **options: Any) -> str:
    """Run a program to its end and return what it printed; its complaints end the test.

    Raises
    ------
    RuntimeError
        If it fails, with its last lines.
    """
    words = [str(word) for word in command]
    finished = subprocess.run(
        words,
        capture_output=True,
        text=True,
        check=False,
        **{"stdin": subprocess.DEVNULL, **options},
    )
    if finished.returncode:
        tail = "\n".join((finished.stdout + finished.stderr).splitlines()[-20:])
        raise RuntimeError(f"`{' '.join(words)[:200]}` gave {finished.returncode}:\n{tail}")
    return finished.stdout


def say(text: str) -> None:
    """Print a line of progress at once."""
    sys.stderr.write(f"pi: {text}\n")
    sys.stderr.flush()
