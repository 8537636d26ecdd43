"""`ser-trainer reproduce`: all recipes by their published splits and by new speakers."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.errors import NoInputError
from trainer import recipe as recipes
from trainer import run
from trainer.cli import options

EXAMPLES = """\
  ser-trainer reproduce --data ~/corpora                       everything: many hours
  ser-trainer reproduce --data ~/corpora --recipes mlp-180,ds-cnn --only 2
  ser-trainer reproduce --data ~/corpora --collect --readme README.md
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_data(parser)
    parser.add_argument(
        "--recipes", default="", metavar="A,B,...", help="these only (default: all)"
    )
    parser.add_argument(
        "--folds",
        type=int,
        default=5,
        metavar="N",
        help="speaker-disjoint folds of each recipe (default: 5)",
    )
    options.add_only(parser, each="recipe")
    parser.add_argument("--seeds", default="0", metavar="A,B,...", help="(default: 0)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/reproduce"),
        metavar="DIR",
        help="where it goes on, too (default: runs/reproduce)",
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="rows, kept for recipes not named now (default: DIR/table.json)",
    )
    parser.add_argument(
        "--collect", action="store_true", help="train nothing: write the table of what is finished"
    )
    parser.add_argument(
        "--readme", type=Path, metavar="FILE", help="write the table between the marks of this file"
    )
    options.add_extraction(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Train what is missing; print and write the table."""
    names = options.chosen(arguments.recipes, recipes.names(), option="--recipes")
    data = options.data_folder(arguments)
    cache = options.feature_cache(arguments)
    from trainer.reproduction import reproduce, rows, table

    effort = reproduce.Effort(
        n_folds=arguments.folds,
        only_folds=arguments.only,
        seeds=options.whole_numbers(arguments.seeds, option="--seeds") or (0,),
    )
    found = [
        row
        for name in names
        for row in (
            reproduce.collect(name, arguments.out, data=data)
            if arguments.collect
            else reproduce.reproduce(name, arguments.out, effort, data=data, cache=cache)
        )
    ]
    path = arguments.json or arguments.out / "table.json"
    done = rows.Reproduction(
        n_folds=effort.n_folds, seeds=effort.seeds, libraries=run.libraries(), rows=tuple(found)
    )
    if path.is_file():
        done = rows.merged(rows.read(path), done)
    if not done.rows:
        raise NoInputError(f"{arguments.out} holds no finished study; run without --collect first")
    rows.write(path, done)
    text = table.render(done, recipes.names())
    if arguments.readme:
        table.replace_in(arguments.readme, text)
    print(text)
