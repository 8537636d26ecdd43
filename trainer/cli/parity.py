"""`ser-trainer parity`: librosa against the device, on made sounds or on recordings."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from edge.contract.spec import FeatureSpec

EXAMPLES = """\
  ser-trainer parity                                on sounds that front ends fall apart on
  ser-trainer parity --recipe mlp-180 *.wav
  ser-trainer parity --spec mine.toml *.wav         features of one's own
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
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


def execute(arguments: argparse.Namespace) -> None:
    """Compare, print, and refuse what differs too much."""
    from trainer import recipe
    from trainer.features import specfile

    if arguments.spec:
        spec = specfile.load(arguments.spec)
    else:
        spec = recipe.load(arguments.recipe or "default").features
    if arguments.files:
        _parity_of_recordings(arguments.files, spec)
    else:
        _parity_of_made_sounds(spec)


def _parity_of_made_sounds(spec: FeatureSpec) -> None:
    from trainer.features import parity

    signals = parity.nasty_signals(
        sample_rate_hz=spec.sample_rate_hz,
        n_samples=max(2 * spec.window_length, spec.sample_rate_hz),
    )
    differences = parity.front_end(spec, signals)
    print(parity.table(differences))
    parity.refuse(differences)


def _parity_of_recordings(paths: Sequence[Path], spec: FeatureSpec) -> None:
    from trainer.features import parity_recordings

    name_width = max(len(str(path)) for path in paths)
    print(parity_recordings.header(spec, name_width=name_width))
    rows: list[parity_recordings.Row] = []
    for path in paths:
        rows.append(parity_recordings.compare(path, spec))
        print(parity_recordings.text(rows[-1], spec, name_width=name_width), flush=True)
    parity_recordings.refuse(rows)
