"""`ser-edge model`: what is inside model files, and which models are installed here."""

from __future__ import annotations

import argparse
from types import ModuleType
from typing import Final

from edge.cli import (
    model_activate,
    model_authorize,
    model_list,
    model_receive,
    model_rollback,
    model_show,
    model_verify,
)

EXAMPLES: Final = """\
  ser-edge model show
  ser-edge model list
  ser-edge model rollback
  ser-edge model ACTION --help
"""

_ACTIONS: Final[dict[str, ModuleType]] = {
    "show": model_show,
    "list": model_list,
    "activate": model_activate,
    "rollback": model_rollback,
    "verify": model_verify,
    "receive": model_receive,
    "authorize": model_authorize,
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    for name, module in _ACTIONS.items():
        action = actions.add_parser(
            name,
            help=module.HELP,
            description=module.HELP[0].upper() + module.HELP[1:] + ".",
            epilog=f"examples:\n{module.EXAMPLES.rstrip()}\n\nexit codes:\n{module.EXIT_CODES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.configure(action)


def execute(arguments: argparse.Namespace) -> int:
    """Do what was asked for."""
    return int(_ACTIONS[arguments.action].execute(arguments))
