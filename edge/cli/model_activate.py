"""`ser-edge model activate`: let an installed model run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from edge.app.installing import activate
from edge.config.load import load_config
from edge.errors import EXIT_OK, RolledBackError, StoreError

HELP: Final = "let an installed model run, on trial as after a push"

EXAMPLES: Final = """\
  ser-edge model activate kitchen-1.2
  ser-edge model activate bundled        # the one that comes with the program
"""

EXIT_CODES: Final = """\
  0  it runs, or will when the service starts
  65 it failed its self-test   66 no such model
  74 the service did not judge it, or a file could not be written
  75 it did not stay healthy and was taken back
  78 model.path names another model
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("id", metavar="ID", help="its id, as `list` shows it, or the beginning")
    parser.add_argument("--config", type=Path, help="configuration file")


def execute(arguments: argparse.Namespace) -> int:
    """Switch, and wait for the service's verdict."""
    verdict = activate(
        load_config(file=arguments.config),
        arguments.id,
        tell=lambda step, sentence: print(f"{step}: {sentence}", flush=True),
    )
    if verdict.outcome == "rolled back":
        raise RolledBackError(verdict.why)
    if verdict.outcome == "failed":
        raise StoreError(verdict.why)
    print(verdict.why)
    return EXIT_OK
