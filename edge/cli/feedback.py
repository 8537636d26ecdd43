"""`ser-edge feedback`: what people said of alarms and states, for the trainer."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import Final

from edge.app import judgements
from edge.config.load import load_config, log_file
from edge.config.places import Places
from edge.errors import EXIT_OK, UsageError
from edge.record.spans import point_in_time

EXAMPLES: Final = """\
  ser-edge feedback export week.json --since 7d
  ser-trainer tune-alerts week.json              on the desktop: better thresholds, if there are any

The file holds times, states, probabilities, alarms, rules and verdicts; no sound,
no names and nothing that anybody has written.
"""
_USUAL_SINCE: Final = "60d"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    export = actions.add_parser("export", help="write a JSON file for `ser-trainer tune-alerts`")
    export.add_argument("file", metavar="FILE.json", type=Path, help="the file to write")
    export.add_argument(
        "--since",
        metavar="TIME",
        default=_USUAL_SINCE,
        help=f"2h, 7d, yesterday, 2026-11-20 ({_USUAL_SINCE})",
    )
    export.add_argument(
        "--db", metavar="FILE", type=Path, help="the log; the configured one if not"
    )
    export.add_argument("--config", metavar="FILE", type=Path, help="configuration file")


def execute(arguments: argparse.Namespace) -> int:
    """Write the file."""
    places = Places.here()
    config = load_config(file=arguments.config, places=places).config
    now = datetime.now().astimezone()
    try:
        since = point_in_time(arguments.since, now=now)
    except ValueError as error:
        raise UsageError(f"--since: {error}") from error
    log = arguments.db or log_file(config, places)
    export = judgements.exported(log, config, since=since, now=now)
    judgements.write(export, arguments.file)
    print(
        f"{arguments.file}: {len(export.judgements)} verdicts, {len(export.calls)} alarms and "
        f"{len(export.stretches)} states since {since:%Y-%m-%d %H:%M}"
    )
    return EXIT_OK
