"""``ser-edge doctor``: what is well on this machine, what is not, and what to do about it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from edge.app.models import model_path
from edge.config.load import load_config, log_file
from edge.config.places import Places
from edge.config.settings import Config
from edge.errors import EXIT_OK, EXIT_UNAVAILABLE, ConfigError
from edge.service import checks
from edge.service.checks import Check, Finding

EXAMPLES = """\
  ser-edge doctor
  ser-edge doctor --json | jq '.[] | select(.verdict != "ok")'
"""
_MARKS: Final = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", metavar="FILE", type=Path, help="configuration file")
    parser.add_argument("--json", action="store_true", help="print one JSON array")


def execute(arguments: argparse.Namespace) -> int:
    """Print every finding; 69 if one of them is a problem."""
    findings = []
    for finding in examine(arguments.config):
        findings.append(finding)
        if not arguments.json:
            print(_text(finding), flush=True)  # listening takes two seconds: show what is known
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    is_ill = any(finding.verdict == "problem" for finding in findings)
    return EXIT_UNAVAILABLE if is_ill else EXIT_OK


def examine(file: Path | None) -> Iterator[Finding]:
    """Yield the findings; with a wrong configuration the defaults are examined."""
    config, finding = _config(file)
    yield finding
    for check in _checks(config):
        result = check.finding()
        yield result
        if check.name == "microphone" and result.verdict == "ok":
            yield Check(name="level", look=lambda: checks.level(config.audio.device)).finding()


def _checks(config: Config) -> list[Check]:
    wanted = config.model.runtime
    log, max_mb = log_file(config, Places.here()), config.log.max_mb
    return [
        Check(name="python", look=checks.python),
        Check(name="machine", look=checks.machine),
        Check(name="runtime", look=lambda: checks.runtime(wanted)),
        Check(name="model", look=lambda: checks.model(model_path(config), wanted=wanted)),
        Check(name="portaudio", look=checks.portaudio),
        Check(name="microphone", look=lambda: checks.microphones(config.audio.device)),
        Check(name="gpio", look=lambda: checks.gpio(config.panel.kind)),
        Check(name="log", look=lambda: checks.log_folder(log, max_mb=max_mb)),
    ]


def _config(file: Path | None) -> tuple[Config, Finding]:
    try:
        loaded = load_config(file=file)
    except ConfigError as error:
        remedy = "correct the file; `ser-edge check-config --print-default` explains each setting"
        fault = Finding(name="config", verdict="problem", found=str(error), remedy=remedy)
        return Config(), fault
    found = str(loaded.file) if loaded.file else "no file: every setting at its default"
    return loaded.config, Finding(name="config", verdict="ok", found=found)


def _text(finding: Finding) -> str:
    line = f"{_MARKS[finding.verdict]:8} {finding.name:11} {finding.found}"
    return f"{line}\n{'':20} -> {finding.remedy}" if finding.remedy else line
