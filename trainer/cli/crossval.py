"""`ser-trainer crossval`: a recipe by a protocol, over folds and seeds."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from trainer import recipe as recipes
from trainer import run
from trainer.cli import options
from trainer.examples.protocols import MEANINGS, PROTOCOLS
from trainer.examples.splits import VALIDATION_SHARE
from trainer.modelfile.precisions import PRECISIONS
from trainer.recipe.schema import CorpusUse, Recipe

EXAMPLES = """\
  ser-trainer crossval mlp-180 --data ~/corpora                        five speaker-disjoint folds
  ser-trainer crossval mlp-180 --data ~/corpora --protocol random --seeds 1,2,3
  ser-trainer crossval ds-cnn --data ~/corpora --protocol corpora --corpora ravdess,emodb,nemo
  ser-trainer crossval tc-resnet --data ~/corpora --out runs/tc        the same again goes on there
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("recipe", metavar="RECIPE", help="name of a recipe, or a TOML file")
    options.add_data(parser)
    parser.add_argument("--protocol", choices=PROTOCOLS, default="folds", help=_protocol_help())
    parser.add_argument(
        "--folds",
        type=int,
        default=5,
        metavar="N",
        help="how many, by folds and by sentences (default: 5)",
    )
    options.add_only(parser, each="seed")
    parser.add_argument(
        "--seeds", default="", metavar="A,B,...", help="(default: the recipe's seed)"
    )
    parser.add_argument(
        "--corpora", default="", metavar="A,B,...", help="these instead of the recipe's"
    )
    parser.add_argument(
        "--precisions",
        default="float32,int8",
        metavar="A,B,...",
        help="model files to judge (default: float32,int8)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="study folder, new or to go on in")
    options.add_extraction(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Train and judge every cell; print the figures."""
    recipe = with_corpora(recipes.load(arguments.recipe), options.words(arguments.corpora))
    precisions = options.chosen(arguments.precisions, PRECISIONS, option="--precisions")
    data = options.data_folder(arguments)
    published = recipe.published_splits[0]
    is_random = arguments.protocol == "random"
    from trainer import study
    from trainer.judging.summary import summary

    plan = study.Plan(
        protocol=arguments.protocol,
        seeds=options.whole_numbers(arguments.seeds, option="--seeds") or (recipe.seed,),
        n_folds=arguments.folds,
        validation_share=published.validation_share if is_random else VALIDATION_SHARE,
        test_share=published.test_share,
        only_folds=arguments.only,
        precisions=precisions,
    )
    default = run.default_folder(f"{recipe.name}-{arguments.protocol}")
    folder = study.begin(recipe, plan, arguments.out or default)
    cache = options.feature_cache(arguments)
    rows = study.carry_out(recipe, plan, folder, data=data, cache=cache)
    print(f"{MEANINGS[plan.protocol]}\n\n{summary(rows, recipe.labels)}")
    print(folder.path)


def with_corpora(recipe: Recipe, names: tuple[str, ...]) -> Recipe:
    """Return a recipe that learns from other corpora, all of one weight; as it is for none."""
    if not names:
        return recipe
    uses = tuple(CorpusUse(name=name, weight=1.0) for name in names)
    return dataclasses.replace(recipe, corpora=uses)


def _protocol_help() -> str:
    return "; ".join(f"{name}: {meaning}" for name, meaning in MEANINGS.items())
