"""``ser-edge doctor``: what is well on this machine, what is not, and what to do about it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from edge.app.examination import Examination
from edge.errors import EXIT_OK, EXIT_UNAVAILABLE
from edge.service.checks.finding import Finding

EXAMPLES = """\
  ser-edge doctor
  sudo ser-edge doctor                 sees other users' programs too
  ser-edge doctor --json | jq '.[] | select(.verdict != "ok")'
"""
_MARKS: Final = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}
_COLUMN: Final = 21


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
            print(line_of(finding), flush=True)  # listening takes three seconds: show what is known
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        print(_summary(findings))
    is_ill = any(finding.verdict == "problem" for finding in findings)
    return EXIT_UNAVAILABLE if is_ill else EXIT_OK


def examine(file: Path | None) -> Iterator[Finding]:
    """Yield the findings; with a wrong configuration the defaults are examined."""
    return Examination.of(file).findings()


def line_of(finding: Finding) -> str:
    """Return a finding as it is shown to people."""
    found = finding.found.replace("\n", f"\n{'':{_COLUMN}}")
    line = f"{_MARKS[finding.verdict]:8} {finding.name:11} {found}"
    return f"{line}\n{'':{_COLUMN - 1}} -> {finding.remedy}" if finding.remedy else line


def _summary(findings: list[Finding]) -> str:
    counts = [
        f"{n} {noun if n == 1 else noun + 's'}"
        for noun in ("problem", "warning")
        if (n := sum(finding.verdict == noun for finding in findings))
    ]
    if not counts:
        return "\nall is well"
    return (
        f"\n{' and '.join(counts)}: each line with -> says what to do; then run this again.\n"
        "If it does not help: `sudo ser-edge support` makes one file to send to whoever helps you."
    )
