"""`ser-edge token`: which programs may use the API, and what they may do."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from edge.config.places import Places
from edge.errors import EXIT_OK

if TYPE_CHECKING:
    from edge.dashboard.tokens import Tokens

EXAMPLES = """\
  ser-edge token add wall-board --role look     # on a Pi: sudo -u ser-edge ser-edge token ...
  ser-edge token list
  ser-edge token remove wall-board

A token is shown once, when it is made. What it can do stands in docs/dashboard.md.
"""

_ROLES: Final = ("look", "acknowledge", "administer")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what can be done."""
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    add = actions.add_parser("add", help="make a token and print it, once")
    add.add_argument("name", metavar="NAME", help="of the program that will use it")
    add.add_argument("--role", choices=_ROLES, default="look", help="look by default")
    actions.add_parser("list", help="name every token with its role and last use")
    remove = actions.add_parser("remove", help="let a token count no more")
    remove.add_argument("name", metavar="NAME")


def execute(arguments: argparse.Namespace) -> int:
    """Do it."""
    from edge.dashboard.database import FILE, Database
    from edge.dashboard.tokens import Tokens

    database = Database(Places.here().state_directory() / FILE)
    _ACTIONS[arguments.action](Tokens(database, now_s=time.time), arguments)
    return EXIT_OK


def _add(tokens: Tokens, arguments: argparse.Namespace) -> None:
    print(tokens.add(arguments.name, role=arguments.role))


def _list(tokens: Tokens, _: argparse.Namespace) -> None:
    for token in tokens.all():
        used = f"last used {token.used:%Y-%m-%d %H:%MZ}" if token.used else "never used"
        print(f"{token.name:20} {token.role:12} {used}")


def _remove(tokens: Tokens, arguments: argparse.Namespace) -> None:
    tokens.remove(arguments.name)
    print(f"{arguments.name} counts no more")


_ACTIONS: Final[dict[str, Callable[[Tokens, argparse.Namespace], None]]] = {
    "add": _add,
    "list": _list,
    "remove": _remove,
}
