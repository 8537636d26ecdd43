"""What to do when the file is broken or the disk is full, and how to say so."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_COMPANIONS: Final = ("", "-wal", "-shm")
_N_KEPT: Final = 3
"""Broken logs that are kept for whoever wants to look; a failing card must not fill itself."""

READ_ERRORS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite says of a file; the last where it has no words for one that is full of rubbish."""
FILE_ERRORS: Final = (*READ_ERRORS, OSError)

_CAUSES: Final = {
    sqlite3.SQLITE_FULL: "the disk is full; make room on it",
    sqlite3.SQLITE_IOERR: "the disk refuses to write; see whether it is full or failing",
    sqlite3.SQLITE_READONLY: "it may not be written; let the service's user own it",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; see that its folder exists and may be written",
    sqlite3.SQLITE_BUSY: "another program holds it; if that goes on, stop that program",
}


def is_damage(error: Exception) -> bool:
    """Return whether the error says that the file is no sound database."""
    codes = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error, UnicodeDecodeError) or _code(error) in codes


def is_busy(error: Exception) -> bool:
    """Return whether the error says that another process is just writing."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def cause(error: Exception) -> str:
    """Return what is wrong and what helps, as the end of a sentence."""
    return _CAUSES.get(_code(error), str(error))


def move_aside(path: Path, *, now: datetime) -> Path:
    """Rename a broken log with its companions to ``log.db.corrupt-<utc>``; return the new path.

    Raises
    ------
    OSError
        If the folder does not allow it.
    """
    aside = _free_name(path, now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"))
    for companion in _COMPANIONS:
        part = path.with_name(path.name + companion)
        if part.exists():
            part.rename(aside.with_name(aside.name + companion))
    _forget_oldest(path)
    return aside


def _code(error: Exception) -> int:
    # The low byte is the kind, the rest says more precisely where.
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _free_name(path: Path, stamp: str) -> Path:
    aside, n = path.with_name(f"{path.name}.corrupt-{stamp}"), 1
    while aside.exists():
        n += 1
        aside = path.with_name(f"{path.name}.corrupt-{stamp}-{n}")
    return aside


def _forget_oldest(path: Path) -> None:
    broken = [
        part
        for part in path.parent.glob(f"{path.name}.corrupt-*")
        if not part.name.endswith(_COMPANIONS[1:])
    ]
    for old in sorted(broken, key=lambda part: part.stat().st_mtime)[:-_N_KEPT]:
        for companion in _COMPANIONS:
            old.with_name(old.name + companion).unlink(missing_ok=True)
