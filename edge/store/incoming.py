"""A model while it is being received: a file that grows, and from which a later push goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from edge.errors import NoRoomError, StoreError
from edge.store import durable
from edge.store.locks import try_lock

_FILE_MODE: Final = 0o644
_STALE_S: Final = 7 * 86_400.0
_SPARE_BYTES: Final = 8 * 2**20
"""Room that stays free for the log and the rest."""


class Part:
    """The part of a model that has arrived.

    Attributes
    ----------
    path : Path
    """

    def __init__(self, path: Path, descriptor: int, *, n_bytes: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._n_bytes = n_bytes
        # A longer file is none of ours.
        if self.have > n_bytes:
            os.ftruncate(descriptor, 0)

    @property
    def have(self) -> int:
        """Bytes that are there."""
        return os.fstat(self._descriptor).st_size

    @property
    def missing(self) -> int:
        """Bytes that are not."""
        return self._n_bytes - self.have

    def append(self, piece: bytes) -> None:
        """Add what has arrived; what is beyond the announced size is dropped.

        Raises
        ------
        StoreError
            If the disk is full, say.
        """
        with durable.reported(self.path):
            durable.write_all(self._descriptor, piece[: self.missing])

    def seal(self) -> None:
        """Bring it to the disk.

        Raises
        ------
        StoreError
        """
        with durable.reported(self.path):
            os.fsync(self._descriptor)

    def discard(self) -> None:
        """Remove it: it is of no use to a later push."""
        with suppress(FileNotFoundError):
            os.unlink(self.path)  # noqa: PTH108


@contextmanager
def part_of(incoming: Path, sha256: str, *, n_bytes: int) -> Iterator[Part]:
    """Open what has arrived of a model, to add the rest.

    While another process receives the same model, this one begins a part of its own: it need not
    wait for a connection that may be dead.

    Raises
    ------
    NoRoomError
        If the disk has no room for the rest.
    StoreError
        If it cannot be written.
    """
    with durable.reported(incoming):
        durable.make_folder(incoming)
        _remove_stale(incoming)
        path, descriptor = _opened(incoming, sha256)
    try:
        with durable.reported(path):
            part = Part(path, descriptor, n_bytes=n_bytes)
            _refuse_without_room(incoming, part.missing)
        yield part
    finally:
        os.close(descriptor)


def _opened(incoming: Path, sha256: str) -> tuple[Path, int]:
    for name in (f"{sha256}.part", f"{sha256}-{os.getpid()}.part"):
        path = incoming / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _FILE_MODE)
        durable.leave_to_owner(descriptor, incoming)
        if try_lock(descriptor):
            return path, descriptor
        os.close(descriptor)
    raise StoreError(f"{incoming}: this model is being received by another process; push it later")


def _refuse_without_room(folder: Path, n_bytes: int) -> None:
    disk = os.statvfs(folder)
    free_bytes = disk.f_bavail * disk.f_frsize
    if free_bytes < n_bytes + _SPARE_BYTES:
        raise NoRoomError(
            f"the disk of {folder} has {free_bytes / 1e6:.1f} MB left, but the model needs "
            f"{n_bytes / 1e6:.1f} MB and {_SPARE_BYTES / 1e6:.0f} MB shall stay free; "
            "make room on it"
        )


def _remove_stale(incoming: Path) -> None:
    oldest_s = time.time() - _STALE_S
    for path in incoming.glob("*.part"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest_s:
                path.unlink()
