"""The verbs of ``ser-trainer``. Heavy libraries are imported only by the verb that needs them."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from edge import __version__
from edge.contract.spec import FeatureSpec
from edge.errors import EXIT_OK, NoInputError, SerError, UsageError

_EXIT_INTERRUPTED = 130

_EXAMPLES = """\
examples:
  ser-trainer recipes                               list the recipes that come with the program
  ser-trainer train default --data ~/corpora        train the bundled model anew
  ser-trainer export runs/default-... --out my.tflite --data ~/corpora
  ser-trainer evaluate my.tflite --data ~/corpora   figures on the test speakers
  ser-trainer parity                                librosa against the device's features
  ser-trainer parity --spec mine.toml *.wav         the same on recordings, by features of one's own

Instead of --data, the environment variable SER_DATA may name the folder of the corpora.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb and return the exit code; an error is one sentence, never a traceback."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    arguments = _parser().parse_args(argv)
    execute: Callable[[argparse.Namespace], None] = arguments.execute
    try:
        execute(arguments)
    except SerError as error:
        print(f"ser-trainer: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("ser-trainer: interrupted, no model was written", file=sys.stderr)
        return _EXIT_INTERRUPTED
    return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ser-trainer",
        description="Train, judge and export models for ser-edge.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ser-trainer {__version__}")
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    _add_train(verbs.add_parser("train", help="train a recipe; everything lands in a run folder"))
    _add_evaluate(verbs.add_parser("evaluate", help="judge a model file on held-out speakers"))
    _add_export(verbs.add_parser("export", help="check a finished run and write its model file"))
    _add_parity(verbs.add_parser("parity", help="compare the desktop's features with the device's"))
    _add_recipes(verbs.add_parser("recipes", help="list recipes, or show one"))
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder with one folder for each corpus, named as it (default: SER_DATA)",
    )


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", metavar="RECIPE", help="name of a recipe, or a TOML file")
    _add_data(parser)
    parser.add_argument(
        "--out", type=Path, metavar="RUNDIR", help="run folder (default: runs/RECIPE-UTC)"
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="feature cache (default: ~/.cache/ser-trainer)"
    )
    parser.add_argument(
        "--processes",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes that extract features (default: one for each core)",
    )
    parser.set_defaults(execute=_train)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL.tflite")
    _add_data(parser)
    parser.add_argument(
        "--speakers",
        choices=("test", "validation", "all"),
        default="test",
        help="whose recordings (default: test); those trained on are never judged by",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    parser.set_defaults(execute=_evaluate)


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a finished run")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the model file")
    _add_data(parser)
    parser.set_defaults(execute=_export)


def _add_parity(parser: argparse.ArgumentParser) -> None:
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--recipe", metavar="RECIPE", help="whose features (default: default)")
    whose.add_argument(
        "--spec",
        type=Path,
        metavar="FILE",
        help="features of a file instead: .json, else TOML; a recipe's table [features] will do",
    )
    parser.add_argument(
        "files",
        type=Path,
        nargs="*",
        metavar="FILES",
        help="recordings to compare on (default: made sounds on which front ends fall apart)",
    )
    parser.set_defaults(execute=_parity)


def _add_recipes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="RECIPE", help="show this one")
    parser.set_defaults(execute=_recipes)


def _train(arguments: argparse.Namespace) -> None:
    from trainer import recipe, run

    text = recipe.read_text(arguments.recipe)
    chosen = recipe.parse(text, origin=arguments.recipe)
    data = _data(arguments)
    if arguments.processes < 1:
        raise UsageError(f"--processes is {arguments.processes}, expected at least 1")
    folder = run.begin(
        text, name=chosen.name, folder=arguments.out or run.default_folder(chosen.name)
    )
    from trainer import cache, produce

    features = cache.FeatureCache(
        arguments.cache or cache.default_folder(), n_processes=arguments.processes
    )
    produce.produce(chosen, folder, data=data, cache=features)
    print(folder.path)


def _evaluate(arguments: argparse.Namespace) -> None:
    from edge.contract.bundle import ModelBundle
    from trainer import evaluate, run

    bundle = ModelBundle.load(arguments.model)
    utterances = evaluate.held_out(bundle, _data(arguments), speakers=arguments.speakers)
    verdicts = evaluate.judge(bundle, utterances, title=arguments.model.name)
    figures = evaluate.report(verdicts)
    print(f"{evaluate.PROTOCOL}\n\n{evaluate.table(figures)}")
    if arguments.json:
        told = evaluate.describe(bundle, speakers=arguments.speakers)
        run.write_json(arguments.json, told | {"corpora": figures})


def _export(arguments: argparse.Namespace) -> None:
    from trainer import run

    folder = run.RunFolder(path=arguments.run)
    folder.read_facts()
    data = _data(arguments)
    from trainer import evaluate, export, produce

    done = export.export(
        folder,
        data=data,
        out=arguments.out,
        keras_logits=produce.keras_logits(folder),
    )
    print(f"{evaluate.PROTOCOL}\n\n{evaluate.table(done.figures['int8'])}\n")
    for corpus, loss in export.losses(done.figures).items():
        print(f"int8 costs {loss:+.1%} UAR on {corpus}")
    print(f"{done.path}: {done.n_bytes} bytes")


def _parity(arguments: argparse.Namespace) -> None:
    from trainer import recipe, specfile

    if arguments.spec:
        spec = specfile.load(arguments.spec)
    else:
        spec = recipe.load(arguments.recipe or "default").features
    if arguments.files:
        _parity_of_recordings(arguments.files, spec)
    else:
        _parity_of_made_sounds(spec)


def _parity_of_made_sounds(spec: FeatureSpec) -> None:
    from trainer import parity

    signals = parity.nasty_signals(
        sample_rate_hz=spec.sample_rate_hz,
        n_samples=max(2 * spec.window_length, spec.sample_rate_hz),
    )
    differences = parity.front_end(spec, signals)
    print(parity.table(differences))
    parity.refuse(differences)


def _parity_of_recordings(paths: Sequence[Path], spec: FeatureSpec) -> None:
    from trainer import parity_recordings

    name_width = max(len(str(path)) for path in paths)
    print(parity_recordings.header(spec, name_width=name_width))
    rows: list[parity_recordings.Row] = []
    for path in paths:
        rows.append(parity_recordings.compare(path, spec))
        print(parity_recordings.text(rows[-1], spec, name_width=name_width), flush=True)
    parity_recordings.refuse(rows)


def _recipes(arguments: argparse.Namespace) -> None:
    from trainer import recipe

    if arguments.name:
        print(recipe.read_text(arguments.name), end="")
        return
    for name in recipe.names():
        found = recipe.load(name)
        print(f"{name}: makes {found.name} {found.version}. {found.summary}")


def _data(arguments: argparse.Namespace) -> Path:
    named = arguments.data or os.environ.get("SER_DATA")
    if not named:
        raise UsageError("no folder of recordings is named; give --data DIR or set SER_DATA")
    folder = Path(named)
    if not folder.is_dir():
        raise NoInputError(f"the folder of recordings {folder} does not exist; check --data")
    return folder


if __name__ == "__main__":
    sys.exit(main())
