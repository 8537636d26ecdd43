"""`ser-trainer report`: all figures of a run or a study, as one web page and as JSON."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainer.cli import options

EXAMPLES = """\
  ser-trainer report runs/default-20261121T010000Z --data ~/corpora
  ser-trainer report runs/tc --quick                                 no noise, echo, importance
  ser-trainer report runs/reproduce/mlp-180/folds --random runs/reproduce/mlp-180/random-80-20
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run or of a study")
    options.add_data(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="(default: RUN/report.html)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="(default: RUN/report.json)")
    parser.add_argument(
        "--random",
        type=Path,
        metavar="STUDY",
        help="a study of the same recipe by a random split, to show beside it",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="leave out noise, echo and the features' importance: seconds instead of minutes",
    )


def execute(arguments: argparse.Namespace) -> None:
    """Collect, write both files, and print where they are and the headline."""
    data = options.data_folder_if_named(arguments)
    from trainer import run
    from trainer.report import gather, page, verdict

    report = gather.gather(arguments.run, data=data, random=arguments.random, quick=arguments.quick)
    html = arguments.out or arguments.run / "report.html"
    run.write_json(arguments.json or arguments.run / "report.json", report)
    run.write_bytes(html, page.render(report).encode())
    print(f"{html}\n{verdict.one_line(report)}")
