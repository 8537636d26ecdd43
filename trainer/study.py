"""A study: one recipe trained and judged by a protocol, over its folds and several seeds.

Each training is a cell, a run folder of its own. A cell that is finished is never trained again, so
that an interrupted study goes on where it was.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from edge.contract import tables
from edge.contract.tables import Range
from edge.errors import NoInputError, OutputError
from trainer import recipe as recipes
from trainer import run, stored
from trainer.corpora.base import Utterance
from trainer.examples.gather import Division, gather
from trainer.examples.protocols import Fold, ProtocolName, Shares, folds_of
from trainer.features.cache import FeatureCache
from trainer.judging.predictions import Prediction, predict, read_predictions, to_csv
from trainer.recipe.schema import Recipe
from trainer.run import RunFolder

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a study does."""

    protocol: ProtocolName
    seeds: tuple[Annotated[int, Range(0)], ...]
    n_folds: int
    validation_share: float
    test_share: float
    only_folds: int
    """Train this many folds of each seed; 0 is all of them."""
    precisions: tuple[str, ...]
    """Model files to judge."""

    @property
    def shares(self) -> Shares:
        """How much is held out."""
        return Shares(n_folds=self.n_folds, validation=self.validation_share, test=self.test_share)


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyFolder:
    """Paths within one study."""

    path: Path

    @property
    def recipe(self) -> Path:
        """The recipe of all cells; each has its own seed."""
        return self.path / "recipe.toml"

    @property
    def plan(self) -> Path:
        """What the study does."""
        return self.path / "study.json"

    @property
    def predictions(self) -> Path:
        """The predictions of all cells; there only when the study has ended."""
        return self.path / "predictions.csv"

    def cell(self, *, seed: int, fold: str) -> RunFolder:
        """Return the run folder of one training."""
        return RunFolder(path=self.path / "cells" / f"seed{seed}-{fold}")

    def read_plan(self) -> Plan:
        """Return what the study does.

        Raises
        ------
        NoInputError
            If the folder is no study.
        DamagedError
            If its plan cannot be read.
        """
        if not self.plan.is_file():
            raise NoInputError(f"{self.path} is no study of ser-trainer: it holds no study.json")
        remedy = "name another folder with --out"
        return stored.read_table(Plan, self.plan, remedy=remedy)


def finished_cells(folder: Path) -> tuple[RunFolder, ...]:
    """Return the finished trainings of a study, by name.

    Raises
    ------
    NoInputError
        If there is none.
    """
    cells = (RunFolder(path=path) for path in sorted((folder / "cells").glob("*")))
    finished = tuple(cell for cell in cells if cell.is_finished)
    if not finished:
        raise NoInputError(f"{folder} holds no finished training; carry the study out first")
    return finished


def any_cell(folder: Path) -> RunFolder:
    """Return the first of the `finished_cells`; errors as there."""
    return finished_cells(folder)[0]


def begin(recipe: Recipe, plan: Plan, folder: Path) -> StudyFolder:
    """Make the folder of a study, or find the same study in it to go on with.

    A study of more folds, or of fewer, is the same.

    Raises
    ------
    OutputError
        If another study is there, or the folder cannot be made.
    """
    study = StudyFolder(path=folder)
    text, told = recipes.to_toml(recipe), tables.to_table(plan)
    if study.plan.exists():
        same = _all_folds(study.read_plan()) == _all_folds(plan)
        if not same or study.recipe.read_bytes() != text.encode():
            raise OutputError(
                f"{folder} holds another study already; name another folder with --out"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        run.write_bytes(study.recipe, text.encode())
        run.write_json(study.plan, told)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror}; name another folder with --out"
        ) from error
    return study


def finished(study: StudyFolder) -> list[Prediction]:
    """Return the predictions of every cell that is judged; nothing is trained."""
    tables_of_cells = sorted((study.path / "cells").glob("*/predictions.csv"))
    return [row for path in tables_of_cells for row in read_predictions(path)]


def carry_out(
    recipe: Recipe, plan: Plan, study: StudyFolder, *, data: Path, cache: FeatureCache
) -> list[Prediction]:
    """Train and judge every cell that is not there yet; return all predictions.

    Parameters
    ----------
    recipe : Recipe
    plan : Plan
    study : StudyFolder
        Already begun.
    data : Path
        The folder of the corpora.
    cache : FeatureCache
    """
    found = gather(recipe, data)
    rows: list[Prediction] = []
    for seed, fold in _cells(plan, found.utterances):
        cell = study.cell(seed=seed, fold=fold.name)
        if not cell.predictions.is_file():
            _log.info("%s: seed %d, %s", recipe.name, seed, fold.name)
            seeded = dataclasses.replace(recipe, seed=seed)
            division = Division(split=fold.split, protocol=plan.protocol, left_out=found.left_out)
            _train(seeded, cell, division, data=data, cache=cache)
            _judge(seeded, cell, fold, plan, data=data)
        rows.extend(read_predictions(cell.predictions))
    run.write_bytes(study.predictions, to_csv(rows).encode())
    return rows


def _all_folds(plan: Plan) -> Plan:
    return dataclasses.replace(plan, only_folds=0)


def _cells(plan: Plan, utterances: Sequence[Utterance]) -> Iterator[tuple[int, Fold]]:
    for seed in plan.seeds:
        folds = folds_of(plan.protocol, utterances, shares=plan.shares, seed=seed)
        for fold in folds[: plan.only_folds or None]:
            yield seed, fold


def _train(
    recipe: Recipe, cell: RunFolder, division: Division, *, data: Path, cache: FeatureCache
) -> None:
    from trainer import produce

    if cell.is_finished:
        return
    if not cell.recipe.exists():
        run.begin(recipes.to_toml(recipe), name=recipe.name, folder=cell.path)
    produce.produce(recipe, cell, division, data=data, cache=cache)


def _judge(recipe: Recipe, cell: RunFolder, fold: Fold, plan: Plan, *, data: Path) -> None:
    from trainer.modelfile.manifest import bundle_of

    rows = [
        row
        for precision in plan.precisions
        if cell.flatbuffer(precision).is_file()
        for row in predict(
            bundle_of(cell, precision, recipe=recipe),
            fold.split.test,
            data=data,
            precision=precision,
            seed=recipe.seed,
            fold=fold.name,
        )
    ]
    run.write_bytes(cell.predictions, to_csv(rows).encode())
