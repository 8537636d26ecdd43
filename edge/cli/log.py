"""`ser-edge log`: what was heard, when and for how long."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from edge.config.load import load_config, log_file
from edge.config.places import Places
from edge.contract.labels import STATES
from edge.contract.tables import did_you_mean
from edge.errors import EXIT_OK, NoInputError, UsageError
from edge.record.export import csv_header, csv_line, json_line
from edge.record.query import (
    ActionRow,
    AlertRow,
    EventRow,
    FeedbackRow,
    LogReader,
    MinuteRow,
    NoteRow,
    Row,
    Selection,
)
from edge.record.spans import duration_text, point_in_time

EXAMPLES = """\
  ser-edge log
  ser-edge log --follow
  ser-edge log --since 2h --state angry,fearful
  ser-edge log --since yesterday --until today --csv > yesterday.csv
  ser-edge log --alerts --since 7d
  ser-edge log --feedback --csv > judged.csv

A "?" after a time means that the network had not set the clock yet.
"""

_POLL_S: Final = 0.5
_TABLE_ROWS: Final = 50
"""Rows of a table where nothing says how many."""
_BAR_LENGTH: Final = 10

_KINDS: Final[dict[str, type[Row]]] = {
    "alerts": AlertRow,
    "actions": ActionRow,
    "feedback": FeedbackRow,
    "minutes": MinuteRow,
    "notes": NoteRow,
}

T = TypeVar("T")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--follow", action="store_true", help="go on, and print rows as they come")
    parser.add_argument("--since", metavar="TIME", help="90m, 2h, 3d, today, yesterday, 2026-11-20")
    parser.add_argument("--until", metavar="TIME", help="the same; this moment is left out")
    parser.add_argument("--state", metavar="NAMES", help="only these states: angry,fearful")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--alerts", action="store_true", help="alarms instead of states")
    kind.add_argument("--actions", action="store_true", help="who snoozed and muted, and when")
    kind.add_argument("--feedback", action="store_true", help="what people judged right or wrong")
    kind.add_argument("--minutes", action="store_true", help="a summary of each minute")
    kind.add_argument("--notes", action="store_true", help="starts, stops and faults")
    parser.add_argument("--limit", metavar="N", type=int, help="only the newest N rows")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line")
    form.add_argument("--csv", action="store_true", help="CSV with a header")
    parser.add_argument(
        "--db", metavar="FILE", type=Path, help="the log; the configured one if not"
    )
    parser.add_argument("--config", metavar="FILE", type=Path, help="configuration file")


def execute(arguments: argparse.Namespace) -> int:
    """Print the rows that were asked for."""
    row_type = next((row for name, row in _KINDS.items() if getattr(arguments, name)), EventRow)
    selection = _selection(arguments, row_type)
    path = arguments.db or _configured_log(arguments.config)
    header, line = _form(arguments, row_type)
    with LogReader(path) as reader:
        newest_id = reader.newest_id(row_type)
        last_id = _print(header, line, reader.rows(row_type, selection))
    if arguments.follow:
        after_id = max(newest_id, last_id)
        _follow(path, row_type, replace(selection, after_id=after_id, newest=None), line)
    if not last_id and not (arguments.json or arguments.csv):
        print(f"nothing in the log {path} {_narrowed(arguments)}")
    return EXIT_OK


def _selection(arguments: argparse.Namespace, row_type: type[Row]) -> Selection:
    now = datetime.now().astimezone()
    return Selection(
        since=_usage(point_in_time, arguments.since, now=now) if arguments.since else None,
        until=_usage(point_in_time, arguments.until, now=now) if arguments.until else None,
        states=_states(arguments.state, row_type),
        newest=_limit(arguments),
    )


def _usage(parse: Callable[..., T], text: str, **options: object) -> T:
    try:
        return parse(text, **options)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _states(text: str | None, row_type: type[Row]) -> tuple[str, ...]:
    if text is None:
        return ()
    if row_type is not EventRow:
        raise UsageError("--state selects states; leave out the other kinds of rows")
    states = tuple(word.strip() for word in text.split(","))
    for state in states:
        if state not in STATES:
            raise UsageError(f"{state!r} is no state, {did_you_mean(state, list(STATES))}")
    return states


def _limit(arguments: argparse.Namespace) -> int | None:
    limit: int | None = arguments.limit
    if limit is not None and limit < 0:
        raise UsageError(f"--limit {limit} is negative; expected a number of rows")
    is_table = not (arguments.json or arguments.csv or arguments.since or arguments.until)
    return _TABLE_ROWS if limit is None and is_table else limit


def _configured_log(config: Path | None) -> Path:
    """Return the configured log, or the service's where this user has none of their own."""
    places = Places.here()
    loaded = load_config(file=config, places=places)
    path = log_file(loaded.config, places)
    service = places.system_state_directory / path.name
    return service if not path.exists() and service.exists() else path


def _narrowed(arguments: argparse.Namespace) -> str:
    is_narrow = arguments.since or arguments.until or arguments.state
    return "fits; try a longer time or more states" if is_narrow else "yet"


def _form(
    arguments: argparse.Namespace, row_type: type[Row]
) -> tuple[str | None, Callable[[Row], str]]:
    """Return the header, if there is one, and what makes a line of a row."""
    if arguments.json:
        return None, json_line
    if arguments.csv:
        return csv_header(row_type), csv_line
    return None, _LINES[row_type]


def _print(header: str | None, line: Callable[[Row], str], rows: Iterable[Row]) -> int:
    """Print rows under their header; return the id of the last, 0 where there is none."""
    if header is not None:
        print(header)
    last_id = 0
    for row in rows:
        print(line(row))
        last_id = row.id
    sys.stdout.flush()
    return last_id


def _follow(
    path: Path, row_type: type[Row], selection: Selection, line: Callable[[Row], str]
) -> None:
    """Print new rows until the user stops it or the reader of the pipe has gone.

    The file is opened anew each time: the service may have put a damaged one aside, or stopped.
    """
    while True:
        time.sleep(_POLL_S)
        with suppress(NoInputError), LogReader(path) as reader:
            if reader.newest_id(row_type) < selection.after_id:
                selection = replace(selection, after_id=0)
            last_id = _print(None, line, reader.rows(row_type, selection))
            selection = replace(selection, after_id=max(last_id, selection.after_id))


def _time(row: Row) -> str:
    local = datetime.fromisoformat(row.time).astimezone()
    mark = "?" if row.clock_synced is False else " "
    return f"{local:%Y-%m-%d %H:%M:%S}{mark}"


def _bar(fraction: float) -> str:
    return ("#" * round(fraction * _BAR_LENGTH)).ljust(_BAR_LENGTH, ".")


def _event_line(row: EventRow) -> str:
    lasts = "" if row.duration_s is None else duration_text(row.duration_s)
    end = "  (interrupted)" if row.interrupted else ""
    confidence = f"{row.confidence:4.0%} {_bar(row.confidence)}" if row.probabilities else " " * 15
    return f"{_time(row)} {row.state:10} {confidence} {lasts:>12}{end}".rstrip()


def _alert_line(row: AlertRow) -> str:
    return (
        f"{_time(row)} {row.rule:16} {row.phase:12} {row.severity:7} {row.confidence:4.0%}"
        f"  {_said(row.who, row.reason, row.note)}"
    )


def _action_line(row: ActionRow) -> str:
    until = f"until {datetime.fromisoformat(row.until).astimezone():%H:%M}" if row.until else ""
    return f"{_time(row)} {row.action:12} {_said(row.who, until, row.note)}"


def _feedback_line(row: FeedbackRow) -> str:
    heard = f"{datetime.fromisoformat(row.heard_at).astimezone():%Y-%m-%d %H:%M:%S}"
    truth = f"it was {row.truth}" if row.truth else ""
    about = "alarm" if row.alarm else "state"
    return f"{_time(row)} {row.verdict:5} {about} of {heard}  {_said(row.who, truth, row.note)}"


def _said(who: str, what: str, note: str) -> str:
    """Return who, what, and a note in quotation marks; what is empty is left out."""
    by = f"by {who}" if who else ""
    return ", ".join(part for part in (what, by, f'"{note}"' if note else "") if part)


def _minute_line(row: MinuteRow) -> str:
    longest = sorted(row.states_s.items(), key=lambda item: -item[1])
    states = ", ".join(f"{state} {seconds:.0f} s" for state, seconds in longest)
    lost = f", lost {row.n_lost} samples" if row.n_lost else ""
    return (
        f"{_time(row)} speech {row.speech_s:4.1f} s, level {row.mean_level_dbfs:6.1f} dBFS"
        f" (max {row.max_level_dbfs:.1f}), model {row.inference_ms_p95:.1f} ms{lost}: {states}"
    )


def _note_line(row: NoteRow) -> str:
    return f"{_time(row)} {row.kind:12} {row.text}".rstrip()


_LINES: Final[dict[type[Row], Callable[..., str]]] = {
    EventRow: _event_line,
    AlertRow: _alert_line,
    ActionRow: _action_line,
    FeedbackRow: _feedback_line,
    MinuteRow: _minute_line,
    NoteRow: _note_line,
}
