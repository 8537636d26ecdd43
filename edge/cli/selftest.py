"""`ser-edge selftest`: the golden cases of the model, on this machine."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from edge.app import models
from edge.config.load import load_config
from edge.contract.golden import FEATURE_TOLERANCE
from edge.errors import EXIT_OK
from edge.selftest import golden_deviations, logit_tolerance

EXAMPLES = """\
  ser-edge selftest
  ser-edge selftest --model emotions-2.tflite --runtime tflite-runtime
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--model", type=Path, help="a .tflite; the configured one if left out")
    parser.add_argument("--runtime", choices=["auto", "litert", "tflite-runtime"])
    parser.add_argument("--config", type=Path, help="configuration file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(arguments: argparse.Namespace) -> int:
    """Compute the golden cases and print how far each is off."""
    classifier = models.open_classifier(
        load_config(file=arguments.config).config, model=arguments.model, runtime=arguments.runtime
    )
    deviations = golden_deviations(classifier)
    tolerance = logit_tolerance(classifier)
    manifest = classifier.bundle.manifest
    if arguments.json:
        cases = {d.name: {"features": d.features, "logits": d.logits} for d in deviations}
        print(
            json.dumps({"model": manifest.name, "runtime": str(classifier.runtime), "cases": cases})
        )
        return EXIT_OK
    print(f"{manifest.name} {manifest.version} with {classifier.runtime}")
    print(f"{'golden case':16} {'features off':>14} {'outputs off':>14}")
    for found in deviations:
        print(f"{found.name:16} {found.features:14.2g} {found.logits:14.2g}")
    print(f"{'allowed':16} {FEATURE_TOLERANCE:14.2g} {tolerance:14.2g}")
    print("self-test passed")
    return EXIT_OK
