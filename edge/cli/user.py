"""`ser-edge user`: who may log in on the web page, and what they may do there."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from edge.config.places import Places
from edge.errors import EXIT_OK, UsageError

if TYPE_CHECKING:
    from edge.dashboard.people import People

EXAMPLES = """\
  ser-edge user add anna --role acknowledge     # on a Pi: sudo -u ser-edge ser-edge user ...
  ser-edge user password anna
  ser-edge user list
  echo "$PASSWORD" | ser-edge user add otto --role administer

Roles: look sees everything; acknowledge also answers alarms, snoozes and mutes; administer also
manages people, tokens and models.
"""

_ROLES: Final = ("look", "acknowledge", "administer")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what can be done."""
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    add = actions.add_parser("add", help="let somebody in; asks for a password")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", choices=_ROLES, default="look", help="look by default")
    actions.add_parser("list", help="name everybody with their role")
    for action, text in (
        ("remove", "let somebody in no more"),
        ("password", "give somebody another password"),
    ):
        actions.add_parser(action, help=text).add_argument("name", metavar="NAME")
    role = actions.add_parser("role", help="give somebody another role")
    role.add_argument("name", metavar="NAME")
    role.add_argument("role", choices=_ROLES)


def execute(arguments: argparse.Namespace) -> int:
    """Do it; whoever is logged in and changed must log in again."""
    from edge.dashboard.database import FILE, Database
    from edge.dashboard.people import People

    database = Database(Places.here().state_directory() / FILE)
    _ACTIONS[arguments.action](People(database, now_s=time.time), arguments)
    return EXIT_OK


def _add(people: People, arguments: argparse.Namespace) -> None:
    from edge.dashboard.people import refuse_name

    refuse_name(arguments.name)  # before a password is asked for
    people.add(arguments.name, role=arguments.role, password=_password())
    print(f"{arguments.name} may log in now, with the role {arguments.role}")


def _list(people: People, _: argparse.Namespace) -> None:
    for person in people.all():
        print(f"{person.name:20} {person.role}")


def _remove(people: People, arguments: argparse.Namespace) -> None:
    people.remove(arguments.name)
    print(f"{arguments.name} may log in no more")


def _change_password(people: People, arguments: argparse.Namespace) -> None:
    people.find(arguments.name)
    people.set_password(arguments.name, _password())
    print(f"{arguments.name} has another password now")


def _change_role(people: People, arguments: argparse.Namespace) -> None:
    people.set_role(arguments.name, arguments.role)
    print(f"{arguments.name} has the role {arguments.role} now")


_ACTIONS: Final[dict[str, Callable[[People, argparse.Namespace], None]]] = {
    "add": _add,
    "list": _list,
    "remove": _remove,
    "password": _change_password,
    "role": _change_role,
}


def _password() -> str:
    """Return a password from the terminal, asked twice, or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != password:
        raise UsageError("the two passwords differ; nothing was changed")
    return password
