"""Who learnt and who is judged, as a finished run wrote it down."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from edge.errors import NoInputError
from trainer.corpora.base import Utterance
from trainer.examples.gather import gather
from trainer.examples.splits import Split
from trainer.recipe.schema import Recipe
from trainer.run import RunFolder


def read_split(folder: RunFolder, recipe: Recipe, data: Path) -> Split:
    """Find the recordings of a run's split again.

    Parameters
    ----------
    folder : RunFolder
    recipe : Recipe
        The run's own.
    data : Path
        The folder of the corpora that it was trained on, wherever that lies now.

    Raises
    ------
    NoInputError
        If a recording of the split is not there, or is no longer used.
    """
    there = {_name(u.path, data): u for u in gather(recipe, data).utterances}
    parts: dict[str, list[Utterance]] = defaultdict(list)
    missing = []
    for part, name in _rows(folder.split):
        if name in there:
            parts[part].append(there[name])
        else:
            missing.append(name)
    if missing:
        raise NoInputError(
            f"{len(missing)} recordings of the run's {folder.split.name} are not found in {data}, "
            f"the first is {missing[0]}; give the data that it was trained on with --data"
        )
    return Split(
        train=tuple(parts["train"]),
        validation=tuple(parts["validation"]),
        test=tuple(parts["test"]),
    )


def known_voices(split: Split) -> tuple[str, ...]:
    """Return the speakers of the test who were trained on too: none where the split is honest."""
    return tuple(sorted({*split.speakers("train")} & {*split.speakers("test")}))


def _rows(path: Path) -> Sequence[tuple[str, str]]:
    if not path.is_file():
        raise NoInputError(f"{path} does not exist; run ser-trainer train again")
    with path.open(newline="", encoding="utf-8") as file:
        return [(row["part"], row["file"]) for row in csv.DictReader(file)]


def _name(path: Path, data: Path) -> str:
    """Return the name that `trainer.run.write_split` gives a recording."""
    return path.relative_to(data).as_posix() if path.is_relative_to(data) else str(path)
