"""The entry point: find the verb, run it, turn errors into one sentence and an exit code."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Final

from edge import __version__
from edge.errors import EXIT_INTERNAL, EXIT_IO, EXIT_OK, EXIT_USAGE, SerError

VERBS: Final = {
    "data": "check or plot recordings before anything is trained on them",
    "record": "record labelled sentences of one person for a data set of one's own",
    "recipes": "list the recipes with source and published claim, or show one",
    "train": "train a recipe; everything lands in a run folder",
    "export": "check a finished run and write its model file",
    "evaluate": "judge a model file on held-out speakers",
    "crossval": "train and judge a recipe by a protocol, over folds and seeds",
    "search": "search better parameters for a recipe, within the training speakers",
    "report": "write all figures of a run as one web page and as JSON",
    "reproduce": "run every recipe by its published split and by new speakers, write one table",
    "sign": "sign a model file with a key of ssh, as devices want it",
    "push": "bring a model file to devices over ssh; each tries it and may go back",
    "tune-alerts": "propose thresholds of alert rules from what people said of alarms",
    "parity": "compare the desktop's features with the device's",
}

_EXIT_INTERRUPTED: Final = 130

_EPILOG: Final = """\
examples:
  ser-trainer data check --data ~/corpora           what is there, and what is wrong with it
  ser-trainer recipes                               list the recipes that come with the program
  ser-trainer train default --data ~/corpora        train the bundled model anew
  ser-trainer export runs/default-... --out my.tflite --data ~/corpora
  ser-trainer report runs/default-... --data ~/corpora
  ser-trainer push my.tflite ser-edge@kitchen.local --key ~/.ssh/id_ed25519
  ser-trainer VERB --help

Instead of --data, the environment variable SER_DATA may name the folder of the corpora.

"""

_EXIT_CODES: Final = """\
exit codes:
  0  done                      70  internal error
  2  wrong command line        74  input or output failed
  65 bad data or model         75  a pushed model was rolled back
  66 no such input             77  consent refused
  69 a device or a library     78  wrong recipe
     is unavailable            130 interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb and return the exit code; an error is one sentence, never a traceback."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    words = list(sys.argv[1:] if argv is None else argv)
    given = [word for word in words if word != "--debug"]
    verb = next((word for word in given if not word.startswith("-")), None)
    module = _verb_module(verb) if verb in VERBS else None
    arguments = _parser(verb, module).parse_args(given)
    if module is None:
        _parser(None, None).print_help()
        return EXIT_USAGE
    # TensorFlow and librosa tell at INFO what nobody asked for.
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("trainer").setLevel(logging.INFO)
    return _guarded(module, arguments, debug=given != words)


def _verb_module(verb: str) -> ModuleType:
    return importlib.import_module(f"trainer.cli.{verb.replace('-', '_')}")


def _parser(verb: str | None, module: ModuleType | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ser-trainer",
        description="Train, judge and export models for ser-edge.",
        epilog=_EPILOG + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ser-trainer {__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb")
    for name, text in VERBS.items():
        child = verbs.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=_epilog(module) if name == verb else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == verb and module:
            module.configure(child)
    return parser


def _epilog(module: ModuleType | None) -> str:
    examples = f"examples:\n{module.EXAMPLES.rstrip()}\n\n" if module else ""
    return examples + _EXIT_CODES


def _guarded(module: ModuleType, arguments: argparse.Namespace, *, debug: bool) -> int:
    try:
        module.execute(arguments)
        # Within the guard, where a reader that has gone is no error; at exit it would be one.
        sys.stdout.flush()
    except SerError as error:
        if debug:
            raise
        print(f"ser-trainer: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("ser-trainer: interrupted", file=sys.stderr)
        return _EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"ser-trainer: {_failed(error)}", file=sys.stderr)
        return EXIT_IO
    except Exception as error:
        if debug:
            raise
        print(
            f"ser-trainer: internal error: {type(error).__name__}: {error}; "
            "run again with --debug and report what it prints",
            file=sys.stderr,
        )
        return EXIT_INTERNAL
    return EXIT_OK


def _failed(error: OSError) -> str:
    what = f"{error.filename}: " if error.filename else ""
    return (
        f"reading or writing failed: {what}{error.strerror or error}; "
        "look at the disk's space and permissions, then run the same command again"
    )
