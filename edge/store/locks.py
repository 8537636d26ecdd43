"""Who may change the store: one push at a time, and one change of links at a time.

The kernel holds the locks (``flock``), so that a process that was killed holds none.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from edge.errors import StoreError
from edge.store import durable

_FILE_MODE: Final = 0o644
_PAUSE_S: Final = 0.05
_PAUSES_BETWEEN_WORDS: Final = 100


@contextmanager
def locked(
    path: Path, *, patience_s: float, on_wait: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Hold a lock.

    Parameters
    ----------
    path : Path
        The file that stands for it; made where it is missing.
    patience_s : float
        How long to wait for its holder.
    on_wait : callable
        Called now and then while it is held by another.

    Raises
    ------
    StoreError
        If it is held for longer.
    """
    with durable.reported(path):
        descriptor = _opened(path)
    try:
        _wait(descriptor, path, patience_s=patience_s, on_wait=on_wait)
        yield
    finally:
        os.close(descriptor)  # which gives the lock back


def try_lock(descriptor: int) -> bool:
    """Return whether the lock on an open file could be had at once."""
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _opened(path: Path) -> int:
    durable.make_folder(path.parent)
    with suppress(FileNotFoundError):
        return os.open(path, os.O_RDONLY)
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT, _FILE_MODE)
    durable.leave_to_owner(descriptor, path.parent)
    return descriptor


def _wait(descriptor: int, path: Path, *, patience_s: float, on_wait: Callable[[], None]) -> None:
    if try_lock(descriptor):
        return
    deadline_s = time.monotonic() + patience_s
    for n in itertools.count():
        if n % _PAUSES_BETWEEN_WORDS == 0:
            on_wait()
        if try_lock(descriptor):
            return
        if time.monotonic() > deadline_s:
            raise StoreError(
                f"{path} has been held by another process for {patience_s:g} s; "
                "wait for the other push, or look for it with `fuser`"
            )
        time.sleep(_PAUSE_S)
