"""Whether two machines answer the same.

    python tests/deploy/arm/judge.py HERE.jsonl THERE.jsonl > VERDICT.json
    python tests/deploy/arm/judge.py --line SELFTEST.json VERDICT.json

Both tables are what ``ser-edge analyze --json`` prints. The exit code is 0 if every recording has
the same label and as much speech, and its probabilities are within `tolerance`.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from edge.contract.bundle import ModelBundle

_MODEL = Path(__file__).parents[3] / "edge" / "models" / "room.tflite"
_PRINTED = 1e-4
"""`ser-edge analyze` rounds to four places."""


def main(arguments: list[str]) -> int:
    """Judge, or write one line about a judgement."""
    if arguments[0] == "--line":
        selftest, verdict = (json.loads(Path(name).read_text()) for name in arguments[1:])
        sys.stdout.write(line(selftest["cases"], verdict))
        return 0
    here, there = (answers(Path(name)) for name in arguments)
    verdict = compared(here, there, tolerance=tolerance(ModelBundle.load(_MODEL)))
    sys.stdout.write(json.dumps(verdict))
    sys.stderr.writelines(f"{trouble}\n" for trouble in verdict["troubles"])
    return 1 if verdict["troubles"] else 0


def tolerance(bundle: ModelBundle) -> float:
    """Return by how much a probability may differ.

    Processors round floating-point numbers in other orders. Most of it vanishes where the network's
    input becomes int8. Where a number lies between two of its steps, the network may answer with a
    step of its output more or less. If one output is a step higher and another a step lower, their
    probabilities p and 1 - p change most at p = 1/2: from there to 1 / (1 + exp(-2 s)), where s is
    the step over the temperature.
    """
    manifest = bundle.manifest
    step = manifest.output_tensor.scale / manifest.temperature
    return 1.0 / (1.0 + math.exp(-2.0 * step)) - 0.5 + _PRINTED


def answers(path: Path) -> dict[str, dict[str, Any]]:
    """Return what was said of each recording."""
    told = [json.loads(text) for text in path.read_text().splitlines()]
    return {one["file"]: one for one in told}


def compared(here: dict[str, Any], there: dict[str, Any], *, tolerance: float) -> dict[str, Any]:
    """Return how far two machines' answers are apart."""
    both = sorted(here.keys() & there.keys())
    troubles = [f"{file}: only one of both answers" for file in sorted(here.keys() ^ there.keys())]
    for file in both:
        troubles += _troubles(file, here[file], there[file], tolerance)
    return {
        "n": len(both),
        "n_other_labels": sum(here[file]["label"] != there[file]["label"] for file in both),
        "largest": max((_off(here[file], there[file]) for file in both), default=1.0),
        "tolerance": tolerance,
        "troubles": troubles if both else [*troubles, "there are no answers to compare"],
    }


def line(cases: dict[str, dict[str, float]], verdict: dict[str, Any]) -> str:
    """Return the cells of the table."""
    features = max(case["features"] for case in cases.values())
    logits = max(case["logits"] for case in cases.values())
    labels = f"{verdict['n_other_labels']} of {verdict['n']}"
    probability = f"{verdict['largest']:.4f} of {verdict['tolerance']:.4f}"
    return f"{features:8.1e} | {logits:7.2g} | {labels:>12} | {probability:>19}"


def _troubles(
    file: str, ours: dict[str, Any], theirs: dict[str, Any], tolerance: float
) -> list[str]:
    troubles = []
    if ours["label"] != theirs["label"]:
        troubles.append(f"{file}: {ours['label']} here, {theirs['label']} there")
    if (off := _off(ours, theirs)) > tolerance:
        troubles.append(f"{file}: a probability is {off:.4f} off, {tolerance:.4f} are allowed")
    if ours["speech_s"] != theirs["speech_s"]:
        speech = f"{ours['speech_s']} s of speech here, {theirs['speech_s']} s there"
        troubles.append(f"{file}: {speech}")
    return troubles


def _off(ours: dict[str, Any], theirs: dict[str, Any]) -> float:
    """Return the largest difference of a probability; 1 where only one has it."""
    mine, others = ours["probabilities"], theirs["probabilities"]
    if mine.keys() != others.keys():
        return 1.0
    return max((abs(mine[label] - others[label]) for label in mine), default=0.0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
