"""Options that several verbs share, and what they stand for."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import NoInputError, UsageError
from trainer.fitting.cluster import STRATEGIES

if TYPE_CHECKING:
    from trainer.features.cache import FeatureCache


def add_data(parser: argparse.ArgumentParser) -> None:
    """Declare ``--data``."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder with one folder for each corpus, named as it (default: SER_DATA)",
    )


def data_folder(arguments: argparse.Namespace) -> Path:
    """Return the folder of the corpora.

    Raises
    ------
    UsageError, NoInputError
        If none is named, or it is absent.
    """
    named = arguments.data or os.environ.get("SER_DATA")
    if not named:
        raise UsageError("no folder of recordings is named; give --data DIR or set SER_DATA")
    folder = Path(named)
    if not folder.is_dir():
        raise NoInputError(f"the folder of recordings {folder} does not exist; check --data")
    return folder


def data_folder_if_named(arguments: argparse.Namespace) -> Path | None:
    """Return the folder of the corpora, none where none is named; errors as `data_folder`."""
    if arguments.data or os.environ.get("SER_DATA"):
        return data_folder(arguments)
    return None


def add_extraction(parser: argparse.ArgumentParser) -> None:
    """Declare where features are kept and who extracts them."""
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="feature cache (default: ~/.cache/ser-trainer)"
    )
    parser.add_argument(
        "--processes",
        type=count(1),
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes that extract features (default: one for each core)",
    )
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="scheduler of a Dask cluster that extracts instead, such as tcp://desk:8786",
    )


def add_only(parser: argparse.ArgumentParser, *, each: str) -> None:
    """Declare how many folds are trained of each seed or recipe."""
    parser.add_argument(
        "--only",
        type=count(0),
        default=0,
        metavar="N",
        help=f"train N folds of each {each} (default: 0, which is all)",
    )


def add_strategy(parser: argparse.ArgumentParser) -> None:
    """Declare who trains."""
    parser.add_argument(
        "--strategy",
        choices=STRATEGIES,
        default="none",
        help="who trains: none is one processor (default), mirrored is all GPUs of this machine, "
        "workers is all machines of TF_CONFIG",
    )


def feature_cache(arguments: argparse.Namespace) -> FeatureCache:
    """Return the cache of features that the options describe."""
    from trainer.features import cache

    return cache.FeatureCache(
        arguments.cache or cache.default_folder(),
        n_processes=arguments.processes,
        dask_address=arguments.dask,
    )


def count(least: int) -> Callable[[str], int]:
    """Return what reads a whole number of at least `least` for argparse."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number from {least} on")
        return int(text)

    return read


def words(text: str) -> tuple[str, ...]:
    """Return the words of a list as in ``a,b,c``."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def chosen(text: str, known: Sequence[str], *, option: str) -> tuple[str, ...]:
    """Return the words of a list as in ``a,b,c``; all that are known where it is empty.

    Raises
    ------
    UsageError
        If one is not known.
    """
    found = words(text)
    unknown = [word for word in found if word not in known]
    if unknown:
        raise UsageError(f"{option} names {', '.join(unknown)}; known are {', '.join(known)}")
    return found or tuple(known)


def whole_numbers(text: str, *, option: str) -> tuple[int, ...]:
    """Return the numbers of a list as in ``1,2,3``.

    Raises
    ------
    UsageError
        If one is no whole number of at least 0.
    """
    found = words(text)
    if not all(word.isdecimal() for word in found):
        raise UsageError(f"{option} is {text!r}, expected whole numbers of at least 0, as in 1,2,3")
    return tuple(int(word) for word in found)
