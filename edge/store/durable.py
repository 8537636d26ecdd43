"""Files, folders and links that are on the disk when a call returns: a power cut loses no step.

Every change is made under another name, synchronised and then renamed, so that each name holds
the old or the new, whole. Root leaves what it makes to the owner of the folder: the service must
be able to change it later.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from edge.errors import StoreError

_FILE_MODE: Final = 0o644
_FOLDER_MODE: Final = 0o755

_REMEDIES: Final = {
    errno.ENOSPC: "make room on it",
    errno.EDQUOT: "make room on it",
    errno.EFBIG: "make room on it",
    errno.EACCES: "run this as the user ser-edge or as root",
    errno.EPERM: "run this as the user ser-edge or as root",
    errno.EROFS: "check the disk (dmesg) and mount it for writing",
}


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn what the system says into one sentence with the remedy.

    Raises
    ------
    StoreError
    """
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "check the disk (dmesg) and the path")
        raise StoreError(f"{path} cannot be used: {error.strerror or error}; {remedy}") from error


def write_file(path: Path, content: bytes, *, mode: int = _FILE_MODE) -> None:
    """Replace a file: afterwards it holds the old or the new content, whole."""
    fresh = _fresh(path)
    try:
        with created(fresh, mode=mode) as descriptor:
            write_all(descriptor, content)
            os.fsync(descriptor)
        os.replace(fresh, path)  # noqa: PTH105 - the tests count the calls of os
    except OSError:
        with suppress(OSError):
            os.unlink(fresh)  # noqa: PTH108
        raise
    sync_folder(path.parent)


@contextmanager
def created(path: Path, *, mode: int = _FILE_MODE) -> Iterator[int]:
    """Make or empty a file and yield its descriptor."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        leave_to_owner(descriptor, path.parent)
        yield descriptor
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it; one call of the system may take only a part."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def set_link(path: Path, target: str | None) -> None:
    """Let a symbolic link point to `target`; None removes it."""
    if target is None:
        with suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108
    else:
        fresh = _fresh(path)
        with suppress(FileNotFoundError):
            os.unlink(fresh)  # noqa: PTH108
        os.symlink(target, fresh)  # noqa: PTH211
        os.replace(fresh, path)  # noqa: PTH105
    sync_folder(path.parent)


def rename(old: Path, new: Path) -> None:
    """Rename within one folder, or replace a file there."""
    os.replace(old, new)  # noqa: PTH105
    sync_folder(new.parent)


def make_folder(path: Path) -> None:
    """Make a folder and those above it where they are missing."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):
        os.mkdir(path, _FOLDER_MODE)  # noqa: PTH102
        leave_to_owner(path, path.parent)
    sync_folder(path.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder: first its name, then what is in it, so that it is never seen in part."""
    doomed = path.with_name(f".gone-{path.name}")
    shutil.rmtree(doomed, ignore_errors=True)
    rename(path, doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def leave_to_owner(made: int | Path, folder: Path) -> None:
    """Where root made something in another's folder, make it the other's."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(made, owner.st_uid, owner.st_gid)


def _fresh(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")
