"""`ser-trainer export`: a finished run becomes model files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trainer import run
from trainer.cli import options
from trainer.modelfile.precisions import PRECISIONS

if TYPE_CHECKING:
    from trainer.modelfile.export import Exported

EXAMPLES = """\
  ser-trainer export runs/default-20261121T010000Z --out room.tflite --data ~/corpora
  ser-trainer export runs/mlp --out mlp.tflite --precision float16
  ser-trainer export runs/mlp --out mlp.tflite --precision all
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a finished run")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the model file")
    parser.add_argument(
        "--precision",
        choices=(*PRECISIONS, "all"),
        default="int8",
        help="of the network (default: int8); all writes FILE-float32, FILE-int8 and so on",
    )
    options.add_data(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Check, judge and write; print the figures."""
    folder = run.RunFolder(path=arguments.run)
    folder.read_facts()
    data = options.data_folder(arguments)
    from trainer import produce
    from trainer.modelfile import export
    from trainer.modelfile.candidates import QualityError

    logits = produce.keras_logits(folder)
    if arguments.precision != "all":
        done = export.export(
            folder,
            data=data,
            out=arguments.out,
            keras_logits=logits,
            precision=arguments.precision,
        )
        _print([done])
        return
    exported, refused = export.export_all(folder, data=data, out=arguments.out, keras_logits=logits)
    _print(exported)
    if refused:
        raise QualityError("; ".join(f"not written: {reason}" for reason in refused))


def _print(exported: Sequence[Exported]) -> None:
    from trainer.judging import evaluate

    if not exported:
        return
    figures, smallest = exported[0].figures, exported[-1].precision
    told = evaluate.table(figures[smallest]) or "No recording was held out: there are no figures."
    print(f"{figures['protocol']}\n\nThe network as {smallest}:\n\n{told}\n")
    for done in exported:
        print(f"{done.path}: {done.n_bytes} bytes{_cost(done)}")


def _cost(done: Exported) -> str:
    from trainer.modelfile import export

    if done.precision == "float32":
        return ""
    costs = [f"{loss:+.1%} UAR on {corpus}" for corpus, loss in export.losses(done).items()]
    return f", {done.precision} costs {', '.join(costs)}" if costs else ""
