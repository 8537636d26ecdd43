"""Writes the parts into one file that is there whole, or not at all."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.errors import OutputError
from edge.service.support.parts import Part

MANIFEST: Final = "MANIFEST.txt"
SUFFIX: Final = ".tar.gz"
_HEAD: Final = """\
{name}: what is in this file, and what is not.

It was made by `ser-edge support` on the machine that it tells of, and sent to nobody. It holds no
sound: the program keeps none. Passwords, tokens, keys, addresses and the names of people and of
this machine were taken out where they were known; look before you send it all the same.
"""


def refuse_taken(path: Path) -> None:
    """Refuse a place that is taken or cannot be written, before any work is done.

    Raises
    ------
    OutputError
    """
    if path.exists():
        raise OutputError(f"{path} exists and is not overwritten; name another file with --out")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"{path.parent} is no folder that may be written; name a file with --out")


def write_archive(path: Path, parts: Sequence[Part], *, modified_s: float) -> None:
    """Write a compressed archive with all parts and a manifest.

    Raises
    ------
    OutputError
        If there is a file already, or it cannot be written.
    """
    folder = path.name.removesuffix(SUFFIX)
    texts = {MANIFEST: manifest(path.name, parts)}
    texts |= {part.name: part.text for part in parts if not part.left_out}
    try:
        _place(path, _packed(folder, texts, modified_s=modified_s))
    except FileExistsError as error:
        raise OutputError(f"{path} exists and is not overwritten; name another file") from error
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}; name another") from error


def manifest(name: str, parts: Sequence[Part]) -> str:
    """Return what is in the file, and what was left out and why."""
    there = [
        f"  {part.name:18} {_size(part.text):>8}  {part.about}"
        for part in parts
        if not part.left_out
    ]
    absent = [f"  {part.name:18} {part.left_out}" for part in parts if part.left_out]
    left_out = ["", "left out:", *absent] if absent else []
    return "\n".join([_HEAD.format(name=name), "in it:", *there, *left_out]) + "\n"


def _size(text: str) -> str:
    n_bytes = len(text.encode())
    return f"{n_bytes} B" if n_bytes < 1000 else f"{n_bytes / 1000:.0f} kB"


def _packed(folder: str, texts: dict[str, str], *, modified_s: float) -> bytes:
    raw = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=modified_s) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for name, text in texts.items():
            content = text.encode(errors="replace")
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime, entry.mode = len(content), int(modified_s), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return raw.getvalue()


def _place(path: Path, content: bytes) -> None:
    descriptor, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            _give_to_caller(descriptor)
        _link(Path(part), path)
    finally:
        with suppress(FileNotFoundError):
            Path(part).unlink()


def _link(part: Path, path: Path) -> None:
    """Give a file its name, unless another has it: a link never replaces anything."""
    try:
        path.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:  # a USB stick with FAT knows no links
        if path.exists():
            raise FileExistsError(path) from None
        part.rename(path)


def _give_to_caller(descriptor: int) -> None:
    """Let a file that was made with sudo belong to whoever called it, who has to send it."""
    uid, gid = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() == 0 and uid.isdecimal() and gid.isdecimal():
        with suppress(OSError):
            os.fchown(descriptor, int(uid), int(gid))
