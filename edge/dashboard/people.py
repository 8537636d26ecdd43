"""Those who may log in: name, role and password."""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from edge.dashboard import passwords
from edge.dashboard.database import Database
from edge.dashboard.passwords import Cost
from edge.dashboard.roles import ROLES, Role
from edge.errors import NoInputError, UsageError

_NAME: Final = re.compile(r"[^\W_](?:[\w.' -]{0,38}[\w.])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who has logged in, or a program with a token."""

    name: str
    role: str
    is_program: bool = False

    @property
    def who(self) -> str:
        """What the log says of whoever did something."""
        return f"{'token' if self.is_program else 'page'}: {self.name}"


class People:
    """See the module's text.

    Parameters
    ----------
    database : Database
    cost : Cost
        Of passwords that are set from now on.
    now_s : callable
        Seconds since the epoch.
    """

    def __init__(
        self, database: Database, *, now_s: Callable[[], float], cost: Cost | None = None
    ) -> None:
        self._database = database
        self._now_s = now_s
        self._cost = cost or Cost()

    def all(self) -> list[Person]:
        """Return everybody, by name."""
        with self._database.open() as connection:
            return [_person(row) for row in connection.execute("SELECT * FROM people ORDER BY 1")]

    def find(self, name: str) -> Person:
        """Return somebody.

        Raises
        ------
        NoInputError
            If nobody has that name.
        """
        with self._database.open() as connection:
            return _person(_row(connection, name))

    def add(self, name: str, *, role: str, password: str) -> Person:
        """Let somebody in from now on.

        Raises
        ------
        UsageError
            If the name, the role or the password will not do, or the name is taken.
        """
        refuse_name(name)
        refuse_role(role)
        passwords.refuse_weak(password, name=name)
        values = (name, role, passwords.hashed(password, cost=self._cost), int(self._now_s()))
        with self._database.open() as connection:
            added = connection.execute("INSERT OR IGNORE INTO people VALUES (?, ?, ?, ?)", values)
            if not added.rowcount:
                raise UsageError(f"there is a {name!r} already; choose another name")
        return Person(name=name, role=role)

    def remove(self, name: str) -> None:
        """Shut somebody out, at once.

        Raises
        ------
        NoInputError
        """
        self._change("DELETE FROM people WHERE name = :name", name=name)

    def set_role(self, name: str, role: str) -> None:
        """Give somebody another role; whoever is logged in must log in again.

        Raises
        ------
        NoInputError, UsageError
        """
        refuse_role(role)
        self._change("UPDATE people SET role = :value WHERE name = :name", name=name, value=role)

    def set_password(self, name: str, password: str) -> None:
        """Give somebody another password; whoever is logged in must log in again.

        Raises
        ------
        NoInputError, UsageError
        """
        passwords.refuse_weak(password, name=name)
        stored = passwords.hashed(password, cost=self._cost)
        self._change(
            "UPDATE people SET password = :value WHERE name = :name", name=name, value=stored
        )

    def check(self, name: str, password: str) -> Person | None:
        """Return who has this name and password; an unknown name takes as long as a known one."""
        with self._database.open() as connection:
            query = "SELECT * FROM people WHERE name = ?"
            row = connection.execute(query, (name,)).fetchone()
        is_right = passwords.matches(password, row["password"] if row else self._nobodys_password)
        if row is None or not is_right:
            return None
        self._renew(row, password)
        return _person(row)

    def _renew(self, row: sqlite3.Row, password: str) -> None:
        """Store a password anew that was stored when less was asked of it."""
        if passwords.cost_of(row["password"]) == self._cost:
            return
        stored = passwords.hashed(password, cost=self._cost)
        with self._database.open() as connection:
            query = "UPDATE people SET password = ? WHERE name = ? AND password = ?"
            connection.execute(query, (stored, row["name"], row["password"]))

    def _change(self, statement: str, *, name: str, value: str | None = None) -> None:
        with self._database.open() as connection:
            connection.execute("DELETE FROM sessions WHERE name = ?", (name,))
            if not connection.execute(statement, {"name": name, "value": value}).rowcount:
                raise _nobody(name)

    @cached_property
    def _nobodys_password(self) -> str:
        return passwords.hashed(secrets.token_urlsafe(), cost=self._cost)


def refuse_name(name: str) -> None:
    """Raise where a name would not do in a log or on a page.

    Raises
    ------
    UsageError
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name; expected 1 to 40 letters, digits, dots, dashes and spaces, "
            "a letter or digit first"
        )


def refuse_role(role: str) -> None:
    """Raise where a role is none.

    Raises
    ------
    UsageError
    """
    known: tuple[Role, ...] = ROLES
    if role not in known:
        raise UsageError(f"{role!r} is no role; expected {', '.join(known[:-1])} or {known[-1]}")


def _row(connection: sqlite3.Connection, name: str) -> sqlite3.Row:
    row = connection.execute("SELECT * FROM people WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise _nobody(name)
    found: sqlite3.Row = row
    return found


def _nobody(name: str) -> NoInputError:
    return NoInputError(f"there is no user {name!r}; `ser-edge user list` names them")


def _person(row: sqlite3.Row) -> Person:
    return Person(name=row["name"], role=row["role"])
