"""What a report is made from: runs and studies on disk, and clear words where one is not whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import NoInputError
from trainer.report import sources
from trainer.run import HISTORY, split_rows
from trainer.stored import DamagedError


def test_a_run_is_its_own_example(judged_run: Path) -> None:
    source = sources.find(judged_run)
    assert not source.is_study
    assert source.example.path == judged_run
    assert source.protocol == "recipe"
    assert source.recipe.name == "tiny"


def test_a_study_has_its_finished_trainings(study_folder: Path) -> None:
    (study_folder / "cells" / "seed7-folds-3").mkdir()
    source = sources.find(study_folder)
    assert source.is_study
    assert [cell.path.name for cell in source.cells] == ["seed7-folds-1", "seed7-folds-2"]
    assert {row.fold for row in sources.predictions(source, data=None)} == {"folds-1", "folds-2"}


def test_predictions_are_remembered(judged_run: Path) -> None:
    found = sources.predictions(sources.find(judged_run), data=None)
    assert len(found) == 384
    assert {row.precision for row in found} == {"int8"}


def test_split_and_history(judged_run: Path) -> None:
    source = sources.find(judged_run)
    rows = split_rows(source.example.split)
    assert {row.part for row in rows} == {"train", "test"}
    assert rows[0].speaker == "ravdess_01"
    assert sources.history(source.example) == [
        dict(zip(HISTORY, (1, 2.5, None, None, 1.0), strict=True)),
        dict(zip(HISTORY, (2, 1.5, 1.75, 0.25, 2.0), strict=True)),
    ]


def test_no_history_is_no_error(judged_run: Path) -> None:
    (judged_run / "history.csv").unlink()
    assert sources.history(sources.find(judged_run).example) == []


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("recipe.toml", "is no run of ser-trainer: it holds no recipe.toml"),
        ("run.json", "holds no finished run"),
    ],
)
def test_what_is_no_run(judged_run: Path, missing: str, words: str) -> None:
    (judged_run / missing).unlink()
    with pytest.raises(NoInputError, match=words):
        sources.find(judged_run)


def test_a_study_without_a_finished_training(study_folder: Path) -> None:
    for facts in study_folder.glob("cells/*/run.json"):
        facts.unlink()
    with pytest.raises(NoInputError, match="holds no finished training"):
        sources.find(study_folder)


def test_a_run_that_was_not_judged_needs_data(judged_run: Path) -> None:
    (judged_run / "predictions.csv").unlink()
    with pytest.raises(NoInputError, match=r"was not judged yet: .* give --data DIR"):
        sources.predictions(sources.find(judged_run), data=None)


def test_a_study_that_has_not_ended(study_folder: Path) -> None:
    (study_folder / "predictions.csv").unlink()
    with pytest.raises(NoInputError, match="run the same ser-trainer crossval again"):
        sources.predictions(sources.find(study_folder), data=None)


def test_empty_predictions_are_refused(judged_run: Path) -> None:
    path = judged_run / "predictions.csv"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(NoInputError, match="holds no prediction, expected one for each"):
        sources.predictions(sources.find(judged_run), data=None)


def test_damaged_predictions_are_refused(judged_run: Path) -> None:
    (judged_run / "predictions.csv").write_text("precision,seed\nint8,x\n", encoding="utf-8")
    with pytest.raises(DamagedError, match="no column fold"):
        sources.predictions(sources.find(judged_run), data=None)
