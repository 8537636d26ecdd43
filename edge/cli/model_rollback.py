"""`ser-edge model rollback`: go back to the previous model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from edge.app.installing import roll_back
from edge.config.load import load_config
from edge.errors import EXIT_OK

HELP: Final = "go back to the previous model at once; a second time leads forth again"

EXAMPLES: Final = """\
  ser-edge model rollback
  sudo -u ser-edge ser-edge model rollback   # of the service, as yourself
"""

EXIT_CODES: Final = """\
  0  done                      2  there is nothing to go back to
  65 the previous model is damaged
  74 a file could not be written
  78 model.path names another model
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", type=Path, help="configuration file")


def execute(arguments: argparse.Namespace) -> int:
    """Roll back and say what is current now."""
    print(roll_back(load_config(file=arguments.config)))
    return EXIT_OK
