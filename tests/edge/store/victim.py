"""Processes that die, or find the disk full, at the n-th step of an action on the store.

Run as ``python -m tests.edge.store.victim FAULT ACTION FOLDER``: for n = 1, 2, ... it copies
FOLDER/before to FOLDER/n and lets a child do the action there until its n-th change of the disk;
it ends with the first child that has no n-th one. One line each tells what that change was.
"""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from edge.errors import StoreError
from edge.store.catalog import ModelStore
from tests.edge.store.models import added, store_in

CHANGES = ("write", "fsync", "replace", "rename", "unlink", "rmdir", "symlink", "mkdir", "chown")
NEEDS_ROOM = ("write", "fsync", "symlink", "mkdir", "replace")
BOOT = "the boot of the victim"
REFUSED = 3
MANAGED = 4
"""The child met its fault, and did what it was told to all the same."""


def switch(store: ModelStore) -> None:
    store.switch(store.find("kitchen-2").id)


def revert(store: ModelStore) -> None:
    store.revert(store.current_id(), why="it was told to")


def confirm(store: ModelStore) -> None:
    store.confirm(store.current_id())


def add(store: ModelStore) -> None:
    added(store, "3")


def replace(store: ModelStore) -> None:
    added(store, "2")


def begin(store: ModelStore) -> None:
    store.begin_service(BOOT)


ACTIONS: dict[str, Callable[[ModelStore], None]] = {
    "add": add,
    "replace": replace,
    "switch": switch,
    "confirm": confirm,
    "revert": revert,
    "rollback": lambda store: store.rollback() and None,
    "prune": lambda store: store.prune() and None,
    "begin": begin,
    "end": lambda store: store.end_service(),
}


class Counter:
    """Wraps the functions of os that change the disk."""

    def __init__(self, fault: str, n: int) -> None:
        self._fault = fault
        self._left = n
        names = NEEDS_ROOM if fault == "full" else CHANGES
        self._say = os.write
        for name in names:
            setattr(os, name, self._counted(name, getattr(os, name)))

    @property
    def has_struck(self) -> bool:
        return self._left <= 0

    def _counted(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object, **options: object) -> object:
            self._left -= 1
            if self._left == 0:
                self._say(1, f"{name}\n".encode())
            if self._left <= 0 and self._fault == "full":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return counted


def live(fault: str, action: str, folder: Path, n: int) -> None:
    """Be the child."""
    store = store_in(folder, keep=2)
    counter = Counter(fault, n)
    try:
        ACTIONS[action](store)
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        os._exit(REFUSED)
    os._exit(MANAGED if counter.has_struck else 0)


def main() -> None:
    """Try every n."""
    fault, action, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    for n in itertools.count(1):
        copy = folder / str(n)
        shutil.copytree(folder / "before", copy, symlinks=True)
        child = os.fork()
        if child == 0:
            live(fault, action, copy, n)
        _, status = os.waitpid(child, 0)
        if status == 0:
            sys.stdout.write("survived\n")
            return
        expected = {REFUSED, MANAGED} if fault == "full" else {-signal.SIGKILL}
        if os.waitstatus_to_exitcode(status) not in expected:
            sys.exit(f"step {n} ended with {status}")


if __name__ == "__main__":
    main()
