"""`ser-trainer push`: a model file to many devices."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.errors import UsageError
from trainer.cli import options

if TYPE_CHECKING:
    from trainer.delivery.fleet import Errand, Fleet, Watcher
    from trainer.delivery.outcomes import HostReport

_log = logging.getLogger(__name__)

EXAMPLES = """\
  ser-trainer push room.tflite ser-edge@kitchen.local   with room.tflite.sig, if it is there
  ser-trainer push room.tflite ser-edge@kitchen ssh://ser-edge@attic:2222 --key ~/.ssh/id_ed25519
  ser-trainer push room.tflite --inventory hosts --canary 1 --parallel 4
  ser-trainer push room.tflite pi@kitchen --remote-command "sudo -u ser-edge ser-edge model receive"
  ser-trainer push --check --inventory hosts            what runs there; nothing is sent

Hosts are what `ssh` knows: names of ~/.ssh/config, user@host, ssh://user@host:port. An inventory
has one host a line and comments after #; an INI inventory of Ansible's is understood, too.

outcomes, from good to bad, and the exit code; the worst of all hosts decides:
  changed, unchanged   0    the model runs there, or the service takes it when it starts
  refused             65    the device did not want it, and says why
  rolled back         75    it was tried, did not stay healthy, and the former one runs again
  unreachable         69    ssh could not get there
  failed              74    the push broke off; give the same command again, it goes on
  not tried            -    left alone, because a canary before it did not take the model
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "model_and_hosts",
        nargs="*",
        metavar="MODEL HOST",
        help="the model file, then hosts as ssh knows them; with --check only hosts",
    )
    parser.add_argument(
        "--check", action="store_true", help="ask what the hosts have, and change nothing"
    )
    _add_hosts(parser)
    parser.add_argument(
        "--key",
        type=Path,
        metavar="KEY",
        help="sign with this key of ssh (default: the signature MODEL.sig, where there is one)",
    )
    parser.add_argument(
        "--allow-downgrade",
        action="store_true",
        help="let a device take this model in the place of a newer one",
    )
    _add_way(parser)
    parser.add_argument("--json", action="store_true", help="print the reports as JSON")
    _allow_any_order(parser)


def _allow_any_order(parser: argparse.ArgumentParser) -> None:
    """Let hosts follow options: as it is, argparse takes no more of them after the first option."""
    in_order = parser.parse_known_args

    def in_any_order(args: Any = None, namespace: Any = None) -> Any:
        # The other method is made of this one.
        vars(parser)["parse_known_args"] = in_order
        try:
            return parser.parse_known_intermixed_args(args, namespace)
        finally:
            vars(parser)["parse_known_args"] = in_any_order

    vars(parser)["parse_known_args"] = in_any_order


def _add_hosts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--inventory", type=Path, metavar="FILE", help="a file with more hosts")
    parser.add_argument(
        "--canary",
        type=options.count(0),
        default=0,
        metavar="N",
        help="the first N hosts come first; if one of them fails, the others are left alone",
    )
    parser.add_argument(
        "--parallel",
        type=options.count(1),
        default=8,
        metavar="N",
        help="hosts at once (default: 8)",
    )


def _add_way(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--remote-command",
        default="ser-edge model receive",
        metavar="CMD",
        help="what receives a model there (default: ser-edge model receive, the only one "
        "that a forced command admits)",
    )
    parser.add_argument(
        "-o",
        "--ssh-option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="for ssh, as after its -o; may be given several times",
    )
    parser.add_argument(
        "--timeout",
        type=options.count(1),
        default=180,
        metavar="SECONDS",
        help="how long a device may say nothing (default: 180)",
    )


def execute(arguments: argparse.Namespace) -> None:
    """Push, or ask; print the report and end with the worst of it."""
    from trainer.delivery import inventory
    from trainer.delivery.courier import Way
    from trainer.delivery.fleet import Fleet

    model, named = _model_and_hosts(arguments)
    hosts = inventory.hosts(named, inventory=arguments.inventory)
    errand, subject = _errand(arguments, model)
    watcher = _watcher()
    fleet = Fleet(
        hosts,
        way=Way(
            ssh_options=tuple(arguments.ssh_option),
            remote_command=arguments.remote_command,
            patience_s=arguments.timeout,
        ),
        watcher=watcher,
        n_parallel=arguments.parallel,
    )
    _visit(fleet, errand, arguments, watcher)
    _raise_the_worst(fleet.reports, subject)


def _model_and_hosts(arguments: argparse.Namespace) -> tuple[Path | None, list[str]]:
    words = arguments.model_and_hosts
    if arguments.check:
        return None, words
    if not words:
        raise UsageError("no model is named; give a model file, then hosts")
    return Path(words[0]), words[1:]


def _errand(arguments: argparse.Namespace, model: Path | None) -> tuple[Errand, str]:
    """Return what shall be done at each host, and what it is about."""
    from trainer.delivery import offer

    if model is None:
        return lambda courier: courier.ask(), "an answer"
    offered = offer.prepare(model, key=arguments.key, allow_downgrade=arguments.allow_downgrade)
    signed = f"signed with {offered.signer}" if offered.signer else "not signed"
    _log.info("%s, %.0f kB, %s", offered.subject, len(offered.content) / 1000, signed)
    return lambda courier: courier.deliver(offered), offered.subject


def _watcher() -> Watcher:
    from trainer.delivery.progress import LiveProgress, PlainProgress

    return LiveProgress() if sys.stderr.isatty() else PlainProgress()


def _visit(fleet: Fleet, errand: Errand, arguments: argparse.Namespace, watcher: Watcher) -> None:
    """Visit all hosts and print what became of them, also where Ctrl-C has ended it."""
    try:
        fleet.visit(errand, n_canaries=arguments.canary)
    finally:
        watcher.clear()
        _print(fleet.reports, as_json=arguments.json)


def _print(reports: list[HostReport], *, as_json: bool) -> None:
    from trainer.delivery import rows

    if as_json:
        print(json.dumps({"hosts": [report.to_table() for report in reports]}, ensure_ascii=False))
    else:
        print(rows.report_text(reports, sys.stdout))


def _raise_the_worst(reports: list[HostReport], subject: str) -> None:
    from trainer.delivery import outcomes

    if error := outcomes.error_of(reports, subject=subject):
        raise error
