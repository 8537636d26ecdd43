"""`ser-edge alarms`: the alarms that nobody has answered yet, and the answers to them."""

from __future__ import annotations

import argparse
import json
import re
from datetime import datetime
from typing import Final

from edge.cli.asking import add_json, say, who
from edge.config.places import Places
from edge.contract import tables
from edge.errors import EXIT_OK, NotListeningError
from edge.service.commands import Ears
from edge.service.protocol import Answer
from edge.service.status import AlarmStatus, Status, find_status

EXAMPLES = """\
  ser-edge alarms                        what is open, and since when
  ser-edge alarms ack                    somebody has come, to all of them
  ser-edge alarms ack 3f2c --note "had fallen asleep over the radio"
  ser-edge alarms snooze 30m             no alarm for half an hour; as the button, pressed twice
  ser-edge alarms end-snooze
"""

_NOTHING: Final = (
    "no ser-edge runs here that could have alarms; start it with `sudo systemctl start ser-edge`"
)
_SPAN: Final = re.compile(r"(\d{1,5})(s|m|h)")
_UNIT_S: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_S: Final = 86_400.0
_ID_SHOWN: Final = 8


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_json(parser)
    parser.set_defaults(deed=_list)
    deeds = parser.add_subparsers(title="deeds", metavar="DEED")
    ack = deeds.add_parser("ack", help="say that somebody has come")
    ack.add_argument("alarm", nargs="?", help="its id, or the head of it (default: all)")
    ack.add_argument("--note", default="", help="what was the matter, for the log")
    ack.set_defaults(deed=_acknowledge)
    snooze = deeds.add_parser("snooze", help="let no rule raise an alarm for a while")
    snooze.add_argument(
        "duration",
        nargs="?",
        type=_duration_s,
        help="such as 90s, 30m or 2h (default: room.snooze_s)",
    )
    snooze.set_defaults(deed=_snooze)
    end = deeds.add_parser("end-snooze", help="let alarms be raised again")
    end.set_defaults(deed=_end_snooze)
    for each in (ack, snooze, end):
        each.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object"
        )


def execute(arguments: argparse.Namespace) -> int:
    """Do what is asked; 69 if nothing runs."""
    arguments.deed(arguments)
    return EXIT_OK


def _list(arguments: argparse.Namespace) -> None:
    status = _status()
    if arguments.json:
        table = {
            "alarms": tables.to_table(status.alarms),
            "snoozed_until": status.snoozed_until,
            "health": status.health,
        }
        print(json.dumps(table, ensure_ascii=False))
        return
    for alarm in status.alarms:
        print(_line(alarm))
    if not status.alarms:
        print("no alarm is open")
    if status.snoozed_until:
        print(f"snoozed until {_clock(status.snoozed_until)}: no rule raises an alarm")
    if status.health != "listening":
        print(f"nothing is heard: {status.fault or status.health}")


def _acknowledge(arguments: argparse.Namespace) -> None:
    alarm = arguments.alarm and _whole_id(arguments.alarm)
    answer = Ears(Places.here()).acknowledge(who=who(), note=arguments.note, alarm=alarm)
    n = len(answer.alarms)
    what = {0: "no alarm was open", 1: "one alarm is acknowledged"}
    say(answer, what.get(n, f"{n} alarms are acknowledged"), as_json=arguments.json)


def _snooze(arguments: argparse.Namespace) -> None:
    answer = Ears(Places.here()).snooze(who=who(), for_s=arguments.duration)
    say(answer, _snoozed(answer), as_json=arguments.json)


def _end_snooze(arguments: argparse.Namespace) -> None:
    answer = Ears(Places.here()).end_snooze(who=who())
    say(answer, "alarms are raised again", as_json=arguments.json)


def _snoozed(answer: Answer) -> str:
    return f"no rule raises an alarm until {_clock(answer.until or '')}"


def _status() -> Status:
    status = find_status(Places.here())
    if status is None or not status.alive:
        raise NotListeningError(_NOTHING)
    return status


def _whole_id(head: str) -> str:
    """Return the one open alarm whose id begins so; what is unclear is for the ears to refuse."""
    fitting = [alarm.id for alarm in _status().alarms if alarm.id.startswith(head)]
    return fitting[0] if len(fitting) == 1 else head


def _line(alarm: AlarmStatus) -> str:
    sounding = ", sounding" if alarm.sounding else ""
    return (
        f"{alarm.id[:_ID_SHOWN]}  {_clock(alarm.raised)}  {alarm.rule} ({alarm.severity}"
        f"{sounding}): {alarm.reason}"
    )


def _clock(moment: str) -> str:
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return moment


def _duration_s(text: str) -> float:
    found = _SPAN.fullmatch(text)
    seconds = float(found[1]) * _UNIT_S[found[2]] if found else 0.0
    if not 0.0 < seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no duration up to a day; expected for example 90s, 30m or 2h"
        )
    return seconds
