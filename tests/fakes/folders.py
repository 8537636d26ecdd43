"""A folder for thousands of writes that nobody wants to wait for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """Give a folder in memory; where there is no such thing, the other one."""
    if not os.access("/dev/shm", os.W_OK):
        yield otherwise
        return
    with TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)
