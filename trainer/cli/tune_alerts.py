"""`ser-trainer tune-alerts`: thresholds of alert rules from what people said of alarms."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from edge.contract.tables import TableError, from_table
from edge.decide.feedback import FeedbackExport
from edge.errors import NoInputError, UsageError
from trainer.stored import DamagedError
from trainer.tuning.choice import Proposal, TooLittle, candidates, propose
from trainer.tuning.words import lines

EXAMPLES = """\
  ser-trainer tune-alerts home.json
  ser-trainer tune-alerts home.json --missed-costs 20  rather false alarms than a missed one

The file comes from the device: `ser-edge feedback export home.json --since 60d`.
Nothing is changed: the proposal is printed as lines for the device's settings.
"""
_REMEDY = "name a file that `ser-edge feedback export` has made"
_SQLITE = b"SQLite format 3\0"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, metavar="FILE.json", help="of ser-edge feedback export")
    parser.add_argument(
        "--missed-costs",
        type=float,
        default=5.0,
        metavar="N",
        help="so many false alarms are as bad as one that is missed (default: 5)",
    )


def execute(arguments: argparse.Namespace) -> None:
    """Print what is proposed for each rule."""
    if not 0 < arguments.missed_costs <= 1000:
        raise UsageError(
            f"--missed-costs is {arguments.missed_costs:g}, expected more than 0 and at most 1000"
        )
    export = read(arguments.file)
    if not export.rules:
        raise UsageError(f"{arguments.file} has no alert rule; there is nothing to tune")
    for rule in export.rules:
        with tqdm(
            total=sum(1 for _ in candidates(rule)), desc=rule.name, leave=False, disable=None
        ) as bar:
            found: Proposal | TooLittle = propose(
                export, rule, missed_costs=arguments.missed_costs, on_step=bar.update
            )
        sys.stdout.write("".join(f"{line}\n" for line in lines(found)))


def read(path: Path) -> FeedbackExport:
    """Read an export.

    Raises
    ------
    NoInputError, UsageError, DamagedError
        If there is none, if it is the log itself, or if it is something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NoInputError(f"{path} cannot be read: {error.strerror or error}") from error
    if content.startswith(_SQLITE):
        raise UsageError(
            f"{path} is a log; `ser-edge feedback export FILE.json --db {path.name}` on the device "
            "makes the file that is wanted here, with the rules in it"
        )
    try:
        return from_table(FeedbackExport, json.loads(content), path="")
    except TableError as error:
        raise DamagedError(
            f"{path} is no feedback export ({error.problems[0]}); {_REMEDY}"
        ) from error
    except ValueError as error:
        raise DamagedError(f"{path} is no feedback export ({error}); {_REMEDY}") from error
