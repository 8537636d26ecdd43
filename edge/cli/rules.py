"""`ser-edge rules`: what the rules of the configuration would have done."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

from edge.app.ruletest import Rehearsed, is_log, rehearse_log, rehearse_recording
from edge.cli.ruletext import document, text
from edge.config.load import load_config
from edge.errors import EXIT_OK, UsageError
from edge.record.spans import point_in_time

EXAMPLES: Final = """\
  ser-edge rules test evening.wav
  ser-edge rules test evening.wav --at "2026-11-26 03:10"
  ser-edge rules test /var/lib/ser-edge/log.db --since 3d --config ./stricter.toml
"""


_WIDEST: Final = 100


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    what = "show on a timeline what would have fired, and why, or why not"
    test = actions.add_parser(
        "test",
        help=what,
        description=what[0].upper() + what[1:] + ". Nobody is called, nothing is written.",
        epilog=f"examples:\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    test.add_argument("file", metavar="FILE", type=Path, help="a recording, or a log of ser-edge")
    test.add_argument(
        "--at", metavar="TIME", help="local time at which a recording shall have begun; now if not"
    )
    test.add_argument("--since", metavar="TIME", help="of a log: 90m, 2h, 3d, today, 2026-11-20")
    test.add_argument("--until", metavar="TIME", help="the same; this moment is left out")
    test.add_argument("--config", metavar="FILE", type=Path, help="rules of another configuration")
    test.add_argument("--json", action="store_true", help="print one JSON object")


def execute(arguments: argparse.Namespace) -> int:
    """Play the file to the rules, and print what became of it."""
    rehearsed = _rehearsed(arguments)
    if arguments.json:
        print(json.dumps(document(rehearsed, file=str(arguments.file)), ensure_ascii=False))
    else:
        width = min(_WIDEST, shutil.get_terminal_size().columns - 1)
        is_ascii = not (sys.stdout.encoding or "").lower().startswith("utf")
        print(text(rehearsed, title=arguments.file.name, width=width, is_ascii=is_ascii))
    return EXIT_OK


def _rehearsed(arguments: argparse.Namespace) -> Rehearsed:
    config = load_config(file=arguments.config).config
    now = datetime.now().astimezone()
    file: Path = arguments.file
    if is_log(file):
        if arguments.at:
            raise UsageError("--at is for recordings; a log has the times that it had")
        since, until = _point(arguments.since, now), _point(arguments.until, now)
        return rehearse_log(file, config, since=since, until=until)
    if arguments.since or arguments.until:
        raise UsageError("--since and --until are for logs; a recording is heard from end to end")
    return rehearse_recording(file, config, began=_point(arguments.at, now) or now)


def _point(text: str | None, now: datetime) -> datetime | None:
    try:
        return point_in_time(text, now=now) if text else None
    except ValueError as error:
        raise UsageError(str(error)) from error
