"""`ser-edge model show`: what is inside a model file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from edge.app import models
from edge.config.load import load_config
from edge.contract import tables
from edge.contract.bundle import ModelBundle
from edge.contract.labels import subject
from edge.errors import EXIT_OK

HELP: Final = "print a model's manifest or card"

EXAMPLES: Final = """\
  ser-edge model show
  ser-edge model show emotions-2.tflite --card
  ser-edge model show emotions-2.tflite --json
"""


EXIT_CODES: Final = """\
  0  done                      66 no such file
  65 the file is no model that can be used
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "model",
        nargs="?",
        metavar="ID|FILE",
        help="a .tflite, or the id of an installed model; the current one if left out",
    )
    parser.add_argument("--config", type=Path, help="configuration file")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the manifest as JSON")
    form.add_argument("--card", action="store_true", help="print the model card")


def execute(arguments: argparse.Namespace) -> int:
    """Print what was asked for."""
    config = load_config(file=arguments.config).config
    path = models.named_model(config, arguments.model)
    bundle = ModelBundle.load(path)
    if arguments.json:
        print(json.dumps(tables.to_table(bundle.manifest), ensure_ascii=False))
    elif arguments.card:
        print(bundle.model_card.rstrip())
    else:
        print("\n".join(_lines(path, bundle)))
    return EXIT_OK


def _lines(path: Path, bundle: ModelBundle) -> list[str]:
    manifest = bundle.manifest
    framing = manifest.features.framing
    rows = {
        "file": f"{path} ({path.stat().st_size / 1000:.0f} kB)",
        "model": f"{manifest.name} {manifest.version}, made {manifest.created_utc}",
        "SHA-256": bundle.sha256,
        "tells": subject(manifest.labels),
        "labels": ", ".join(manifest.labels),
        "features": f"{' + '.join(b.kind for b in manifest.features.blocks)}, shape "
        f"{manifest.features.shape}, {manifest.features.sample_rate_hz} Hz, frames of "
        f"{framing.win_length} every {framing.hop_length} samples",
        "fingerprint": manifest.fingerprint,
        "input": f"{manifest.input_tensor.dtype} {manifest.input_tensor.shape}",
        "operators": ", ".join(f"{op.name} v{op.version}" for op in manifest.operators),
        "runtime": f"TFLite {manifest.min_runtime} or newer",
        "temperature": f"{manifest.temperature:.3f}",
        "decision": ", ".join(f"{k} {v:g}" for k, v in tables.to_table(manifest.decision).items()),
        "golden cases": ", ".join(case.name for case in bundle.golden),
        "licence": manifest.licence,
    }
    lines = [f"{name:13} {value}" for name, value in rows.items()]
    lines += [f"{'corpus':13} {c.name}: {c.n_clips} clips, {c.licence}" for c in manifest.corpora]
    lines += [f"{'figure':13} {name} {value:.3f}" for name, value in manifest.metrics.items()]
    return lines
