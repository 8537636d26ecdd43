"""What a report is made from: one run, or a study with all its trainings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import NoInputError
from trainer import stored, study
from trainer.corpora.base import Utterance, name_in
from trainer.examples.gather import gather
from trainer.judging.predictions import Prediction, predict, read_predictions, to_csv
from trainer.modelfile.precisions import PRECISIONS
from trainer.recipe.schema import Recipe
from trainer.run import HISTORY, RunFolder, split_rows, write_bytes
from trainer.study import StudyFolder


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A judged recipe on disk."""

    folder: Path
    recipe: Recipe
    cells: tuple[RunFolder, ...]
    """The finished trainings, at least one."""
    is_study: bool

    @property
    def predictions(self) -> Path:
        """What the model files said of the test recordings."""
        return self.folder / "predictions.csv"

    @property
    def example(self) -> RunFolder:
        """The training that stands for all where one file is looked at."""
        return self.cells[0]

    @property
    def protocol(self) -> str:
        """How the recordings were divided: a key of `MEANINGS`, or ``"recipe"``."""
        return self.example.read_facts().protocol


def find(folder: Path) -> Source:
    """Look at a folder.

    Raises
    ------
    NoInputError
        If it holds neither a finished run nor a study with a finished training.
    """
    run = RunFolder(path=folder)
    recipe = run.read_recipe()
    if StudyFolder(path=folder).plan.is_file():
        cells = study.finished_cells(folder)
        return Source(folder=folder, recipe=recipe, cells=cells, is_study=True)
    run.read_facts()
    return Source(folder=folder, recipe=recipe, cells=(run,), is_study=False)


def predictions(source: Source, *, data: Path | None) -> list[Prediction]:
    """Return what the model files said; a run that was not judged yet is judged and remembers it.

    Raises
    ------
    NoInputError
        If there are none, and they cannot be made.
    """
    if source.predictions.is_file():
        return _remembered(source)
    if source.is_study:
        raise NoInputError(
            f"{source.folder} is a study that has not ended: it holds no predictions.csv; "
            "run the same ser-trainer crossval again"
        )
    if data is None:
        raise NoInputError(
            f"{source.folder} was not judged yet: it holds no predictions.csv; "
            "give --data DIR with the recordings that it was trained on"
        )
    write_bytes(source.predictions, to_csv(list(_judged(source, data))).encode())
    # The table rounds: read back, so that the next report has the very same figures.
    return _remembered(source)


def test_utterances(source: Source, *, data: Path) -> list[Utterance]:
    """Find the test recordings of the example training.

    Raises
    ------
    NoInputError
        If some are not in the folder.
    """
    wanted = {row.file for row in split_rows(source.example.split) if row.part == "test"}
    utterances = gather(source.recipe, data).utterances
    found = [u for u in utterances if name_in(data, path=u.path) in wanted]
    if len(found) < len(wanted):
        raise NoInputError(
            f"{len(wanted) - len(found)} of the {len(wanted)} test recordings of "
            f"{source.example.path} are not in {data}; give the folder that it was trained on"
        )
    return found


def history(run: RunFolder) -> list[dict[str, Any]]:
    """Return the figures of each epoch, None where one was not measured; empty without them.

    Raises
    ------
    DamagedError
        If the file cannot be read.
    """
    if not run.history.is_file():
        return []
    remedy = "delete it, and the report goes without the curves of the training"
    return stored.read_rows(run.history, HISTORY, _numbers, remedy=remedy)


def _remembered(source: Source) -> list[Prediction]:
    rows = [row for row in read_predictions(source.predictions) if row.precision in PRECISIONS]
    if not rows:
        raise NoInputError(
            f"{source.predictions} holds no prediction, expected one for each test recording; "
            "delete it and judge again"
        )
    return rows


def _judged(source: Source, data: Path) -> Iterator[Prediction]:
    from trainer.modelfile.manifest import bundle_of

    utterances = test_utterances(source, data=data)
    for precision in PRECISIONS:
        if source.example.flatbuffer(precision).is_file():
            bundle = bundle_of(source.example, precision, recipe=source.recipe)
            seed = source.recipe.seed
            yield from predict(
                bundle, utterances, data=data, precision=precision, seed=seed, fold=""
            )


def _numbers(row: dict[str, str]) -> dict[str, Any]:
    return {
        name: int(value) if name == "epoch" else float(value) if value else None
        for name, value in stored.only(row, HISTORY).items()
    }
