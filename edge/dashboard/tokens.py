"""Tokens for programs: shown once, stored as a hash, with a role and a name."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from edge.dashboard.database import Database
from edge.dashboard.people import Person, refuse_name, refuse_role
from edge.dashboard.sessions import WORD_BYTES, key_of
from edge.errors import NoInputError, RecordError, UsageError

PREFIX: Final = "ser_"
"""Lets a person, and a scanner for leaked secrets, see what it is."""

_NOTED_EVERY_S: Final = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What is known of a token; it itself is not."""

    name: str
    role: str
    created: datetime
    used: datetime | None
    """When it was last used, to a minute; None for never."""


class Tokens:
    """See the module's text.

    Parameters
    ----------
    database : Database
    now_s : callable
        Seconds since the epoch.
    """

    def __init__(self, database: Database, *, now_s: Callable[[], float]) -> None:
        self._database = database
        self._now_s = now_s

    def all(self) -> list[Token]:
        """Return what is known of every token, by name."""
        with self._database.open() as connection:
            rows = connection.execute("SELECT * FROM tokens ORDER BY name")
            return [_token(row) for row in rows]

    def add(self, name: str, *, role: str) -> str:
        """Make a token and return it: nobody can see it again.

        Raises
        ------
        UsageError
            If the name or the role will not do, or the name is taken.
        """
        refuse_name(name)
        refuse_role(role)
        word = PREFIX + secrets.token_urlsafe(WORD_BYTES)
        with self._database.open() as connection:
            added = connection.execute(
                "INSERT OR IGNORE INTO tokens (key, name, role, created_s) VALUES (?, ?, ?, ?)",
                (key_of(word), name, role, int(self._now_s())),
            )
            if not added.rowcount:
                raise UsageError(f"there is a token {name!r} already; choose another name")
        return word

    def remove(self, name: str) -> None:
        """Let a token count no more.

        Raises
        ------
        NoInputError
            If there is none of that name.
        """
        with self._database.open() as connection:
            if not connection.execute("DELETE FROM tokens WHERE name = ?", (name,)).rowcount:
                raise NoInputError(f"there is no token {name!r}; `ser-edge token list` names them")

    def program(self, word: str) -> Person | None:
        """Return whose token it is; None where it is none of ours."""
        now_s = int(self._now_s())
        with self._database.open() as connection:
            query = "SELECT * FROM tokens WHERE key = ?"
            row = connection.execute(query, (key_of(word),)).fetchone()
        if row is None:
            return None
        if row["used_s"] is None or abs(now_s - row["used_s"]) >= _NOTED_EVERY_S:
            self._note_use(row["id"], now_s)
        return Person(name=row["name"], role=row["role"], is_program=True)

    def _note_use(self, token: int, now_s: int) -> None:
        with suppress(RecordError), self._database.open() as connection:
            connection.execute("UPDATE tokens SET used_s = ? WHERE id = ?", (now_s, token))


def _token(row: sqlite3.Row) -> Token:
    used_s = row["used_s"]
    return Token(
        name=row["name"],
        role=row["role"],
        created=datetime.fromtimestamp(row["created_s"], UTC),
        used=None if used_s is None else datetime.fromtimestamp(used_s, UTC),
    )
