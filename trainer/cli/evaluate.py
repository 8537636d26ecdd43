"""`ser-trainer evaluate`: the figures of a model file on speakers it was not trained on."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.contract.bundle import ModelBundle
from trainer import run
from trainer.cli import options

EXAMPLES = """\
  ser-trainer evaluate my.tflite --data ~/corpora
  ser-trainer evaluate my.tflite --data ~/corpora --speakers validation --json figures.json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", type=Path, metavar="MODEL.tflite")
    options.add_data(parser)
    parser.add_argument(
        "--speakers",
        choices=("test", "validation", "all"),
        default="test",
        help="whose recordings (default: test); those trained on are never judged by",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")


def execute(arguments: argparse.Namespace) -> None:
    """Judge, print and write."""
    bundle = ModelBundle.load(arguments.model)
    data = options.data_folder(arguments)
    from trainer.judging import evaluate
    from trainer.judging.predictions import predict, spoken_labels

    utterances = evaluate.held_out(bundle, data, speakers=arguments.speakers)
    rows = predict(bundle, utterances, data=data, precision="", seed=0, fold=arguments.speakers)
    figures = evaluate.report(rows, spoken_labels(bundle))
    print(f"{evaluate.PROTOCOL}\n\n{evaluate.table(figures)}")
    if arguments.json:
        told = evaluate.describe(bundle, speakers=arguments.speakers)
        run.write_json(arguments.json, told | {"corpora": figures})
