"""`ser-trainer search`: better values for a recipe, found within its training speakers."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.errors import OutputError, UsageError
from trainer import recipe as recipes
from trainer import run
from trainer.cli import options

EXAMPLES = """\
  ser-trainer search mlp-180 --data ~/corpora --trials 50
  ser-trainer search mlp-180 --data ~/corpora --trials 100      goes on to a hundred
  ser-trainer search mine.toml --space mine-space.toml --storage mine.db --out best.toml
  ser-trainer train runs/mlp-180-search.toml --data ~/corpora   train what was found

A space is a TOML file from keys of the recipe to low and high (and log = true), or to choices:

  [learning.fit.learning_rate]
  low = 1e-4
  high = 1e-2
  log = true

  [model.parameters.hidden]
  choices = [[128, 64], [300, 64]]
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("recipe", metavar="RECIPE", help="name of a recipe, or a TOML file")
    options.add_data(parser)
    parser.add_argument(
        "--trials", type=int, default=30, metavar="N", help="trials in all (default: 30)"
    )
    parser.add_argument(
        "--folds",
        type=int,
        default=3,
        metavar="N",
        help="speaker-disjoint folds of the training speakers that judge a trial (default: 3)",
    )
    parser.add_argument(
        "--space", type=Path, metavar="FILE", help="what may vary (default: the program's own)"
    )
    parser.add_argument(
        "--storage",
        metavar="FILE.db",
        help="SQLite file, new or to go on in, or its URL (default: beside --out, as .db)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE.toml",
        help="the best recipe; a table of all trials lies beside it as .csv "
        "(default: runs/RECIPE-search.toml)",
    )
    options.add_extraction(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Search; write the best recipe and the table of trials; print what was found."""
    recipe = recipes.load(arguments.recipe)
    data = options.data_folder(arguments)
    cache = options.feature_cache(arguments)
    if arguments.trials < 1:
        raise UsageError(f"--trials is {arguments.trials}, expected at least 1")
    out = arguments.out or Path("runs") / f"{recipe.name}-search.toml"
    _make_folder(out)
    from trainer.examples.gather import divide
    from trainer.fitting import search, searched, searchspace

    space = searchspace.read_space(recipe, arguments.space)
    split = divide(recipe, data).split
    plan = search.Plan(
        recipe=recipe,
        space=space,
        n_trials=arguments.trials,
        folds=search.inner_folds(recipe, split, n_folds=arguments.folds),
        storage=_storage(arguments.storage or str(out.with_suffix(".db"))),
    )
    study = search.open_study(plan)
    search.carry_out(study, plan, data=data, cache=cache)
    run.write_bytes(out.with_suffix(".csv"), searched.to_csv(study, plan).encode())
    run.write_bytes(out, searched.to_toml(study, plan).encode())
    print(searched.summary(study, plan))
    print(out)


def _storage(named: str) -> str:
    return named if "://" in named else f"sqlite:///{named}"


def _make_folder(out: Path) -> None:
    if out.suffix != ".toml":
        raise UsageError(f"--out is {out}, expected a name that ends in .toml")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{out.parent} cannot be made: {error.strerror}; name another place with --out"
        ) from error
