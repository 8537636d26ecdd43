"""``ser-edge support``: one file for whoever helps from afar, without sound and without secrets."""

from __future__ import annotations

import argparse
import json
import os
import re
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from edge.app.examination import Examination
from edge.cli.check_config import document
from edge.config.load import FaultyConfigError, load_config
from edge.config.places import Places
from edge.contract.tables import to_table
from edge.errors import EXIT_OK
from edge.service.status import find_status
from edge.service.support import machinery, records
from edge.service.support.archive import SUFFIX, manifest, refuse_taken, write_archive
from edge.service.support.parts import Collector, LeftOutError, Part, gathered
from edge.service.support.redaction import Redactor, people, secrets_in

EXAMPLES = """\
  sudo ser-edge support                    sees everything that helps
  ser-edge support --out pi-help.tar.gz
  ser-edge support --without-log           leaves out what was heard and when
"""

_SETTING: Final = re.compile(r"^\s*([\w-]+)\s*=\s*[\"']([^\"'\n]*)[\"']", re.MULTILINE)
"""A text of a configuration that is no TOML."""
_DOCTOR_LIMIT_S: Final = 240.0
"""All its checks together, if every one of them hangs for as long as it may."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--out", metavar="FILE", type=Path, help="where to write it")
    parser.add_argument("--config", metavar="FILE", type=Path, help="configuration file")
    parser.add_argument(
        "--without-log", action="store_true", help="leave out the rows of the log: states and times"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Gather, redact and write; print what is in the file."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    # The pins' library changes the working directory while the doctor looks at it.
    path = (arguments.out or Path(f"ser-edge-support-{stamp}{SUFFIX}")).absolute()
    refuse_taken(path)
    print("this takes up to half a minute: the doctor listens for three seconds", flush=True)
    parts = list(_parts(arguments.config, without_log=arguments.without_log))
    write_archive(path, parts, modified_s=time.time())
    print(f"\n{manifest(path.name, parts)}\nwritten: {path}")
    print(f"look into it with: tar xzf {path}")
    return EXIT_OK


def _parts(config: Path | None, *, without_log: bool) -> list[Part]:
    examination = Examination.of(config)
    written = _written(examination.file)
    rules = records.stand_ins(_rules(examination, written))
    ours = {name: value for name, value in os.environ.items() if name.startswith("SER_")}
    redactor = Redactor(
        words=people() | records.telling(rules), secrets=list(secrets_in([written, ours]))
    )
    collectors = [*_of_the_program(examination, rules), *_of_the_machine()]
    if not without_log:
        gather = partial(records.newest_rows, examination.log, rules=rules)
        about = "the newest 200 rows of the log: states, levels, times"
        collectors.append(Collector(name="log-rows.jsonl", about=about, gather=gather))
    return list(gathered(collectors, redactor))


def _of_the_program(examination: Examination, rules: dict[str, str]) -> list[Collector]:
    store = examination.store
    return [
        Collector(
            name="doctor.json",
            about="what the doctor found",
            gather=lambda: _doctor(examination),
            limit_s=_DOCTOR_LIMIT_S,
        ),
        Collector(
            name="config.json",
            about="the settings, without secrets",
            gather=lambda: _configuration(examination.file, rules),
        ),
        Collector(
            name="status.json",
            about="what the service says of itself",
            gather=lambda: _status(examination, rules),
        ),
        Collector(
            name="models.json",
            about="the installed models and the last trial",
            gather=lambda: machinery.models(store),
        ),
        Collector(
            name="log.json",
            about="the log: its size, its sessions",
            gather=lambda: records.statistics(examination.log),
        ),
    ]


def _of_the_machine() -> list[Collector]:
    gatherers: dict[str, tuple[str, Callable[[], str]]] = {
        "service.txt": ("what systemd knows of the service", machinery.unit),
        "journal.txt": ("the last 500 lines that it wrote", machinery.journal),
        "versions.txt": ("the versions of everything", machinery.versions),
        "machine.txt": ("load, memory, disks, temperature", machinery.state),
        "kernel.txt": ("the kernel on USB, sound, pins, card, voltage", machinery.kernel),
        "sound.txt": ("the sound cards and their levels", machinery.sound),
        "gpio.txt": ("the pins and who uses them", machinery.pins),
    }
    return [
        Collector(name=name, about=about, gather=gather, limit_s=30.0)
        for name, (about, gather) in gatherers.items()
    ]


def _doctor(examination: Examination) -> str:
    return json.dumps([asdict(finding) for finding in examination.findings()], indent=2)


def _configuration(file: Path | None, rules: dict[str, str]) -> str:
    places = Places.here()
    try:
        told = document(load_config(file=file, places=places), places)
    except FaultyConfigError as error:
        return json.dumps({"ok": False, "faults": [to_table(fault) for fault in error.faults]})
    for path, setting in told["settings"].items():
        if path.startswith("alert[") and path.endswith("].name"):
            setting["value"] = rules.get(setting["value"], "")
    return json.dumps(told, indent=2)


def _status(examination: Examination, rules: dict[str, str]) -> str:
    status = find_status(examination.places)
    if status is None:
        raise LeftOutError("no status was ever written: the service has not run since the boot")
    told = {"alive": status.alive, **to_table(status)}
    return json.dumps(told | {"alarm": rules.get(status.alarm or "", status.alarm)}, indent=2)


def _written(file: Path | None) -> Mapping[str, object]:
    """Return what stands in the configuration, whether or not it is right."""
    try:
        text = "" if file is None else file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        found = _SETTING.findall(text)
        names = [{"name": value} for key, value in found if key == "name"]
        return {"alert": names, "rest": [{key: value} for key, value in found]}


def _rules(examination: Examination, written: Mapping[str, object]) -> list[str]:
    tables = written.get("alert")
    names = [rule.name for rule in examination.config.alert]
    for table in tables if isinstance(tables, list) else []:
        names += [str(table["name"])] if isinstance(table, dict) and "name" in table else []
    return list(dict.fromkeys(names))
