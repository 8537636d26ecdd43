"""What the verbs share that ask the running program for something."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys

from edge.contract import tables
from edge.service.protocol import Answer


def add_json(parser: argparse.ArgumentParser) -> None:
    """Declare the option that every such verb has."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def who() -> str:
    """Return who asks, for the log."""
    name = os.environ.get("SUDO_USER") or getpass.getuser()
    return f"command line: {name}"


def say(answer: Answer, text: str, *, as_json: bool) -> None:
    """Print what was done; what went wrong beside it goes to standard error."""
    print(json.dumps(tables.to_table(answer), ensure_ascii=False) if as_json else text)
    if answer.warning and not as_json:
        print(f"ser-edge: {answer.warning}", file=sys.stderr)
