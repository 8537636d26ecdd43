"""Writes the bundled network as a model of another version: ``make_model.py FILE VERSION``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def main(path: Path, version: str) -> None:
    from edge.contract.bundle import ModelBundle, write_bundle

    bundle = ModelBundle.load(REPOSITORY / "edge/models/room.tflite")
    write_bundle(
        path,
        flatbuffer=bundle.flatbuffer,
        manifest=replace(bundle.manifest, version=version),
        golden_cases=bundle.golden,
        model_card="For the container.\n",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
