"""`ser-edge model verify`: checksum, signature and self-test of a model."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from edge.app.installing import Finding, verify
from edge.config.load import load_config
from edge.errors import EXIT_BAD_DATA, EXIT_OK

HELP: Final = "check a model's checksum, signature and self-test"

EXAMPLES: Final = """\
  ser-edge model verify                  # the current model
  ser-edge model verify kitchen-1.2      # an installed one
  ser-edge model verify room.tflite      # a file, with room.tflite.sig beside it
"""

EXIT_CODES: Final = """\
  0  all is well               65 something is wrong with it
  66 no such model
"""

_MARKS: Final = {True: "ok", False: "WRONG"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", nargs="?", metavar="ID|FILE", help="the current one if left out")
    parser.add_argument("--config", type=Path, help="configuration file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(arguments: argparse.Namespace) -> int:
    """Print what each check found."""
    name, findings = verify(load_config(file=arguments.config), arguments.model)
    is_well = all(finding.is_well for finding in findings)
    if arguments.json:
        checks = [asdict(finding) for finding in findings]
        print(json.dumps({"model": name, "is_well": is_well, "checks": checks}))
    else:
        print("\n".join((name, *map(_line, findings))))
    return EXIT_OK if is_well else EXIT_BAD_DATA


def _line(finding: Finding) -> str:
    return f"{finding.check:10} {_MARKS[finding.is_well]:6} {finding.told}"
