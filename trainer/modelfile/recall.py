"""Who learnt and who is judged, as a finished run wrote it down."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from edge.errors import NoInputError
from trainer.corpora.base import Utterance, name_in
from trainer.examples.gather import gather
from trainer.examples.splits import Split
from trainer.recipe.schema import Recipe
from trainer.run import RunFolder, split_rows


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
    there = {name_in(data, path=u.path): u for u in gather(recipe, data).utterances}
    parts: dict[str, list[Utterance]] = defaultdict(list)
    missing = []
    for row in split_rows(folder.split):
        if row.file in there:
            parts[row.part].append(there[row.file])
        else:
            missing.append(row.file)
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
