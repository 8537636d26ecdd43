"""`ser-trainer train`: one recipe, one run folder."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.errors import UsageError
from trainer import recipe as recipes
from trainer import run
from trainer.cli import options
from trainer.examples.gather import divide
from trainer.recipe.schema import Recipe
from trainer.run import RunFolder

EXAMPLES = """\
  ser-trainer train default --data ~/corpora
  ser-trainer train mlp-180 --data ~/corpora --out runs/mlp
  ser-trainer train --resume runs/mlp --data ~/corpora      after an interruption
  ser-trainer train mine.toml --data ~/corpora --processes 4
  ser-trainer train ds-cnn --data ~/corpora --strategy mirrored      on all GPUs
  tensorboard --logdir runs                                 watch it in a browser

With --strategy workers the same command is given on several machines, each with its own TF_CONFIG;
the first of them, the chief, keeps the run. See docs/training.md.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "recipe", metavar="RECIPE", nargs="?", help="name of a recipe, or a TOML file"
    )
    options.add_data(parser)
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--out", type=Path, metavar="RUNDIR", help="run folder (default: runs/RECIPE-UTC)"
    )
    where.add_argument(
        "--resume", type=Path, metavar="RUNDIR", help="go on with an interrupted run"
    )
    options.add_extraction(parser)
    options.add_strategy(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Train, and print the run folder."""
    if bool(arguments.recipe) == bool(arguments.resume):
        raise UsageError("give either a recipe (see `ser-trainer recipes`) or --resume RUNDIR")
    folder = RunFolder(path=arguments.resume) if arguments.resume else None
    recipe = _unfinished(folder) if folder else recipes.load(arguments.recipe)
    data = options.data_folder(arguments)
    if arguments.out:
        run.refuse_taken(RunFolder(path=arguments.out), name=recipe.name)
    # Before the run folder is made: recordings that cannot be split leave nothing behind.
    division = divide(recipe, data)
    cache = options.feature_cache(arguments)
    from trainer import produce
    from trainer.fitting import distribution

    who = distribution.start(arguments.strategy)
    train = partial(produce.produce, data=data, cache=cache, distribution=who)
    if who.is_chief:
        folder = folder or _begun(arguments, recipe)
        train(recipe, folder, division)
        print(folder.path)
    else:
        # The chief keeps all of it: nobody needs what this worker writes down.
        with TemporaryDirectory() as scratch:
            train(recipe, RunFolder(path=Path(scratch)), division)


def _begun(arguments: argparse.Namespace, recipe: Recipe) -> RunFolder:
    where = arguments.out or run.default_folder(recipe.name)
    return run.begin(recipes.read_text(arguments.recipe), name=recipe.name, folder=where)


def _unfinished(folder: RunFolder) -> Recipe:
    if folder.is_finished:
        raise UsageError(f"{folder.path} is a finished run; there is nothing to go on with")
    return folder.read_recipe()
