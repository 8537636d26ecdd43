"""`ser-edge model receive`: the device's side of a push, over standard input and output."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path
from typing import Final

from edge.app.channel import Channel
from edge.app.receiving import receive
from edge.cli.model_authorize import COMMAND
from edge.errors import UsageError

HELP: Final = "take a model that `ser-trainer push` sends; not for people"

EXAMPLES: Final = """\
  ser-trainer push room.tflite HOST      # on the desktop: it calls this
"""

EXIT_CODES: Final = """\
  0  changed, or unchanged     65 refused: it says why
  2  another command was asked for, which this key may not run
  74 the push broke off        75 it did not stay healthy and was taken back
"""

_ORIGINAL: Final = "SSH_ORIGINAL_COMMAND"
"""Where sshd puts what the client asked for, when a key's forced command runs instead."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", type=Path, help="configuration file")


def execute(arguments: argparse.Namespace) -> int:
    """Receive one model."""
    asked = os.environ.get(_ORIGINAL, "").strip()
    if asked not in {"", COMMAND}:
        raise UsageError(
            f"this key may only deliver a model (`{COMMAND}`), but was asked for {asked!r}; "
            "use another key for that"
        )
    # A terminal that goes away ends nothing: from the switch on the service decides.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return receive(arguments.config, Channel(0, 1))
