"""`ser-edge status`: what the running program says of itself."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from edge.config.places import Places
from edge.contract import tables
from edge.errors import EXIT_OK, EXIT_UNAVAILABLE
from edge.service.status import Status, find_status

EXAMPLES = """\
  ser-edge status              is it listening, and what does it hear?
  ser-edge status --watch      the same, drawn anew each second until Ctrl-C
  ser-edge status --json | jq .latency_ms
"""

_NOTHING: Final = "no ser-edge runs here; start it with `sudo systemctl start ser-edge`"
_WELL: Final = {"listening", "muted"}
_UNITS: Final = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object")
    form.add_argument("--watch", action="store_true", help="go on until Ctrl-C")


def execute(arguments: argparse.Namespace) -> int:
    """Print the status; 69 if nothing runs, or if it is deaf: muted is what somebody wants."""
    places = Places.here()
    if arguments.watch:
        _watch(places)
    status = find_status(places)
    if arguments.json:
        print(json.dumps(_table(status), ensure_ascii=False))
    else:
        print(_text(status))
    is_well = status is not None and status.alive and status.health in _WELL
    return EXIT_OK if is_well else EXIT_UNAVAILABLE


def _watch(places: Places) -> None:
    clear = "\x1b[H\x1b[2J" if sys.stdout.isatty() else ""
    while True:
        print(f"{clear}{_text(find_status(places))}", flush=True)
        time.sleep(1.0)


def _table(status: Status | None) -> dict[str, Any]:
    if status is None:
        return {"alive": False}
    return {"alive": status.alive, **tables.to_table(status)}


def _text(status: Status | None) -> str:
    if status is None:
        return _NOTHING
    rows = _rows(status) if status.alive else _last_words(status)
    return "\n".join(f"{name:12}{value}".rstrip() for name, value in rows)


def _last_words(status: Status) -> Iterator[tuple[str, str]]:
    ended = status.health == "stopped"
    yield "not running", "it was stopped" if ended else "it ended without a word, or is stuck"
    yield "last heard", f"{status.updated_utc} from process {status.pid}"
    yield "", "start it with `sudo systemctl start ser-edge`"
    yield "", "why it ended: `journalctl -u ser-edge -n 50`"


def _rows(status: Status) -> Iterator[tuple[str, str]]:
    yield _HEALTH.get(status.health, status.health), status.fault or status.source
    if status.health == "listening":
        yield "hears", _heard(status)
    for alarm in status.alarms:
        what = "ALARM" if alarm.sounding else "unanswered"
        yield what, f"{alarm.rule}: {alarm.reason}, raised {clock_of(alarm.raised)}"
    if status.snoozed_until:
        yield "snoozed", f"until {clock_of(status.snoozed_until)}: no rule raises an alarm"
    yield "model", _model(status)
    if status.latency_ms:
        yield "speed", _speed(status)
    if status.n_lost:
        yield "lost", f"{status.n_lost} samples of sound"
    yield "running", f"for {_since(status.started_utc)}, process {status.pid}, {status.version}"
    for sentence in status.trouble:
        first, *rest = sentence.splitlines()
        yield "trouble", first
        yield from (("", line) for line in rest)


_HEALTH: Final = {"deaf": "DEAF", "muted": "MUTED"}


def _heard(status: Status) -> str:
    state = status.state.replace("_", " ")
    sureness = f" {status.confidence:.0%}" if status.confidence else ""
    since = f" since {clock_of(status.state_since)}" if status.state_since else ""
    speech = ", somebody speaks" if status.speaking else ""
    return f"{state}{sureness}{since}{speech}, {status.level_dbfs:.0f} dBFS"


def clock_of(moment: str) -> str:
    """Return the local time of day of an RFC 3339 text."""
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return moment


def _model(status: Status) -> str:
    model = status.model
    origin = f" ({model.id})" if model.id else ""
    trial = ", on trial: it has yet to prove itself" if status.on_trial else ""
    return f"{model.name} {model.version}{origin}{trial}"


def _speed(status: Status) -> str:
    latency = status.latency_ms
    if latency is None:
        return ""
    return (
        f"{latency.median:.1f} ms for a window (at most {latency.max:.1f}), "
        f"one comes every {1e3 * status.hop_s:.0f} ms; {status.n_windows} so far"
    )


def _since(started_utc: str) -> str:
    try:
        began = datetime.fromisoformat(started_utc)
    except ValueError:
        return "an unknown time"
    seconds = max(0.0, (datetime.now(UTC) - began).total_seconds())
    word, size = next((u for u in _UNITS if seconds >= u[1]), _UNITS[-1])
    n = int(seconds // size)
    return f"{n} {word}{'' if n == 1 else 's'}"
