"""Passwords and addresses that nobody else may know: each in a file of its own."""

from __future__ import annotations

import logging
import stat
from pathlib import Path
from typing import Final

from edge.errors import DeliveryError

_LOG: Final = logging.getLogger(__name__)
_OTHERS: Final = stat.S_IRWXO
_SHOWN: Final[set[Path]] = set()


def addresses(path: Path) -> list[str]:
    """Return the lines of a file, but for empty ones and those that begin with ``#``.

    Where others may read the file, the log says so, once.

    Raises
    ------
    DeliveryError
        If it cannot be read, or holds nothing. No text here ever holds what the file does.
    """
    lines = [line.strip() for line in _text(path).splitlines()]
    kept = [line for line in lines if line and not line.startswith("#")]
    if not kept:
        raise _empty(path)
    return kept


def password(path: Path) -> str:
    """Return the first line of a file, as it stands there.

    Raises
    ------
    DeliveryError
        As `addresses` does.
    """
    first = _text(path).partition("\n")[0].rstrip("\r")
    if not first:
        raise _empty(path)
    return first


def _text(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
        mode = path.stat().st_mode
    except UnicodeDecodeError as error:
        raise DeliveryError(f"{path} is no text; expected one line in UTF-8") from error
    except OSError as error:
        raise DeliveryError(_unreadable(path, error)) from error
    if mode & _OTHERS and path not in _SHOWN:
        _SHOWN.add(path)
        words = "%s may be read by every user of this machine; protect it: sudo chmod o= %s"
        _LOG.warning(words, path, path)
    return text


def _empty(path: Path) -> DeliveryError:
    return DeliveryError(f"{path} is empty; write the secret into it, on one line")


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        remedy = f"let the service read it: sudo chgrp ser-edge {path}; sudo chmod 640 {path}"
    else:
        remedy = "write it, or name another one in the configuration"
    return f"{path} cannot be read: {error.strerror}; {remedy}"
