"""`ser-edge notify test`: whether messages arrive."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from edge.app.notifytest import Tried, try_channels
from edge.config.load import load_config
from edge.contract import tables
from edge.errors import EXIT_OK, EXIT_UNAVAILABLE

EXAMPLES: Final = """\
  ser-edge notify test                  every channel, by the way of an alarm
  sudo -u ser-edge ser-edge notify test --channel family
  sudo -u ser-edge ser-edge notify test --json | jq '.[] | select(.confirmed | not)'
"""
_COLUMN: Final = 15


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    text = "tell each channel that this is a test, and say which ones confirmed it"
    test = actions.add_parser("test", help=text, description=text)
    test.add_argument("--channel", metavar="NAME", help="mqtt, heartbeat, or a name of [[channel]]")
    test.add_argument("--config", metavar="FILE", type=Path, help="configuration file")
    test.add_argument("--json", action="store_true", help="print one JSON array")


def execute(arguments: argparse.Namespace) -> int:
    """Print how each channel answered; 69 if one did not confirm."""
    config = load_config(file=arguments.config).config
    answers = []
    for tried in try_channels(config, arguments.channel):
        answers.append(tried)
        if not arguments.json:
            print(_line(tried), flush=True)
    if arguments.json:
        print(json.dumps([tables.to_table(tried) for tried in answers], ensure_ascii=False))
    return EXIT_OK if all(tried.confirmed for tried in answers) else EXIT_UNAVAILABLE


def _line(tried: Tried) -> str:
    verdict = "confirmed" if tried.confirmed else "NOT CONFIRMED"
    beside = f": {tried.text}" if tried.text else ""
    return f"{tried.channel:{_COLUMN}} {verdict}{beside}"
