"""A listening socket at a path."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.errors import OutputError

_MODE: Final = 0o660
_LONGEST_PATH_BYTES: Final = 107
"""What ``struct sockaddr_un`` holds on Linux, without the zero at its end."""
_BACKLOG: Final = 128


def listening(path: Path) -> socket.socket:
    """Return a socket at a path, where it appears with its rights at once; it never waits.

    Raises
    ------
    OutputError
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    if len(os.fsencode(part)) > _LONGEST_PATH_BYTES:
        raise OutputError(
            f"{path}: the path of a socket may have {_LONGEST_PATH_BYTES} bytes, this one is too "
            "long; set RUNTIME_DIRECTORY to a shorter folder"
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _listen(listener, part)
        part.replace(path)
    except OSError as error:
        listener.close()
        with suppress(OSError):
            part.unlink(missing_ok=True)
        why = error.strerror or str(error)
        raise OutputError(f"{path}: there can be no control socket: {why}") from error
    return listener


def _listen(listener: socket.socket, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener.bind(str(path))
    path.chmod(_MODE)
    listener.listen(_BACKLOG)
    listener.settimeout(0.0)
