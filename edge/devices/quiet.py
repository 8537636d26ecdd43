"""Keeps the chatter of C libraries off standard error.

ALSA and JACK write twenty lines or more for every `PyAudio()`, from C, so only file descriptor 2
itself helps. Our own errors would drown in it, and a journal on an SD card would wear it out.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_LOG: Final = logging.getLogger(__name__)
_LOCK: Final = threading.RLock()
_LOCK_WAIT_S: Final = 5.0
_STDERR: Final = 2
_CHATTER: Final = re.compile(
    r"\s*$|ALSA lib |jack server|Jack|Cannot connect to server|connect\(2\) call|"
    r"attempt to connect to server|Expression '|PulseAudio:|pa_|INFO: Created TensorFlow Lite"
)


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Take in what is written to file descriptor 2 meanwhile; always give it back.

    Known chatter goes to the log at DEBUG. Other lines (of another thread, say) are written to the
    real standard error afterwards. Two threads take turns; if a turn does not come within 5 s,
    because a driver hangs, the caller goes on without the redirection.
    """
    if not _LOCK.acquire(timeout=_LOCK_WAIT_S):
        yield
        return
    lines: list[str] = []
    try:
        with _redirected_into(lines):
            yield
    finally:
        _LOCK.release()
        _sort_out(lines)


@contextmanager
def _redirected_into(lines: list[str]) -> Iterator[None]:
    try:
        saved = os.dup(_STDERR)
    except OSError:  # a daemon may have closed it: then nobody hears the chatter anyway
        yield
        return
    sink = os.memfd_create("stderr")
    try:
        _flush()
        os.dup2(sink, _STDERR)
        yield
    finally:
        os.dup2(saved, _STDERR)
        os.close(saved)
        lines += _written(sink)
        os.close(sink)


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()


def _written(descriptor: int) -> list[str]:
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, size, 0).decode(errors="replace").splitlines()


def _sort_out(lines: list[str]) -> None:
    for line in lines:
        if _CHATTER.match(line):
            _LOG.debug("%s", line)
        else:
            os.write(_STDERR, f"{line}\n".encode())
