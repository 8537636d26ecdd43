"""`ser-edge deliver`: the way of an alarm to people elsewhere."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from edge.app.delivering import Delivering
from edge.errors import EXIT_OK
from edge.service.journal import is_journal, set_up_log

EXAMPLES = """\
  ser-edge deliver                      as ser-edge-deliver.service runs it
  ser-edge notify test                  do messages arrive?
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", metavar="FILE", type=Path, help="configuration file")


def execute(arguments: argparse.Namespace) -> int:
    """Deliver until Ctrl-C or SIGTERM; SIGHUP reads the settings anew."""
    _set_up_log()
    delivering = Delivering(
        arguments.config and arguments.config.absolute(),
        say=lambda line: print(line, flush=True),
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: delivering.stop())
    # A terminal that is closed sends the same signal as a reload.
    on_hangup = delivering.stop if sys.stdout.isatty() else delivering.reload
    signal.signal(signal.SIGHUP, lambda *_: on_hangup())
    delivering.run()
    return EXIT_OK


def _set_up_log() -> None:
    root = logging.getLogger()
    is_service = "NOTIFY_SOCKET" in os.environ or is_journal(sys.stderr)
    set_up_log(sys.stderr, level=min(root.level, logging.INFO) if is_service else root.level)
