"""Keeps what TensorFlow Lite says to itself off the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_STDERR: Final = 2


@contextmanager
def without_chatter() -> Iterator[None]:
    """Drop what is written to file descriptor 2 meanwhile.

    The converter and the interpreter are C++ and write there past `sys.stderr`. Their errors come
    as exceptions.
    """
    sys.stderr.flush()
    saved = os.dup(_STDERR)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), _STDERR)
        yield
    finally:
        os.dup2(saved, _STDERR)
        os.close(saved)
