"""Who is logged in: a random word in a cookie, its hash in the database.

A session ends with the log-out, another password or role, and when nobody used it for a while.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Final

from edge.dashboard.database import Database
from edge.dashboard.people import Person
from edge.errors import RecordError

WORD_BYTES: Final = 32

_NOTED_EVERY_S: Final = 60
"""That a session is used is written so often at most: an SD card is not written at each look."""


class Sessions:
    """See the module's text.

    Parameters
    ----------
    database : Database
    idle_s : float
        Time after which an unused session ends.
    now_s : callable
        Seconds since the epoch: a session outlives a restart.
    """

    def __init__(self, database: Database, *, idle_s: float, now_s: Callable[[], float]) -> None:
        self._database = database
        self._idle_s = idle_s
        self._now_s = now_s

    def begin(self, person: Person) -> str:
        """Return the word for the cookie of somebody who has just logged in."""
        word = secrets.token_urlsafe(WORD_BYTES)
        now_s = int(self._now_s())
        with self._database.open() as connection:
            connection.execute("DELETE FROM sessions WHERE used_s < ?", (now_s - self._idle_s,))
            connection.execute(
                "INSERT INTO sessions VALUES (?, ?, ?)", (key_of(word), person.name, now_s)
            )
        return word

    def person(self, word: str) -> Person | None:
        """Return whose session a cookie's word is; None where it is over or never was."""
        now_s = int(self._now_s())
        with self._database.open() as connection:
            row = connection.execute(
                "SELECT s.key, s.used_s, p.name, p.role FROM sessions AS s"
                " JOIN people AS p ON p.name = s.name WHERE s.key = ? AND s.used_s >= ?",
                (key_of(word), now_s - self._idle_s),
            ).fetchone()
        if row is None:
            return None
        if abs(now_s - row["used_s"]) >= _NOTED_EVERY_S:
            self._note_use(row["key"], now_s)
        return Person(name=row["name"], role=row["role"])

    def _note_use(self, key: str, now_s: int) -> None:
        """Note that a session is used; a full disk is no reason to show nothing."""
        with suppress(RecordError), self._database.open() as connection:
            connection.execute("UPDATE sessions SET used_s = ? WHERE key = ?", (now_s, key))

    def end(self, word: str) -> None:
        """End a session; one that is over already may end again."""
        with self._database.open() as connection:
            connection.execute("DELETE FROM sessions WHERE key = ?", (key_of(word),))


def key_of(word: str) -> str:
    """Return what is stored of a word that is random and long: a plain hash is enough for it."""
    return sha256(word.encode("utf-8", "surrogatepass")).hexdigest()
