"""A study judges everybody once, never trains a cell twice, and never mixes two studies."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("tensorflow")

from edge.errors import NoInputError, OutputError
from tests.trainer.quick import quick_recipe
from trainer import produce, study
from trainer.features.cache import FeatureCache
from trainer.judging.predictions import read_predictions
from trainer.judging.summary import summary
from trainer.study import Plan, StudyFolder

PLAN = Plan(
    protocol="folds",
    seeds=(1,),
    n_folds=2,
    validation_share=0.0,
    test_share=0.0,
    only_folds=0,
    precisions=("float32", "int8"),
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FeatureCache:
    return FeatureCache(tmp_path_factory.mktemp("cache"), n_processes=1)


@pytest.fixture(scope="module")
def finished(
    slice_of_data: Path, cache: FeatureCache, tmp_path_factory: pytest.TempPathFactory
) -> StudyFolder:
    folder = study.begin(quick_recipe(), PLAN, tmp_path_factory.mktemp("study") / "folds")
    study.carry_out(quick_recipe(), PLAN, folder, data=slice_of_data, cache=cache)
    return folder


def test_everybody_is_judged_once_by_each_file(finished: StudyFolder, slice_of_data: Path) -> None:
    rows = read_predictions(finished.predictions)
    counts = Counter((row.precision, row.file) for row in rows)
    assert set(counts.values()) == {1}
    n_recordings = len(list((slice_of_data / "ravdess").rglob("*.flac")))
    assert len({file for _, file in counts}) >= n_recordings - 1  # one has a twin
    speakers = {
        fold: {r.speaker for r in rows if r.fold == fold} for fold in ("folds-1", "folds-2")
    }
    assert not speakers["folds-1"] & speakers["folds-2"]


def test_a_judged_speaker_was_not_trained_on(finished: StudyFolder) -> None:
    for fold in ("folds-1", "folds-2"):
        cell = finished.cell(seed=1, fold=fold)
        judged = {row.speaker for row in read_predictions(cell.predictions)}
        parts = [line.split(",") for line in cell.split.read_text().splitlines()[1:]]
        assert judged == {speaker for part, _, speaker, *_ in parts if part == "test"}
        assert not judged & {speaker for part, _, speaker, *_ in parts if part == "train"}


def test_nothing_finished_is_trained_again(
    finished: StudyFolder,
    slice_of_data: Path,
    cache: FeatureCache,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(produce, "produce", refuse)
    before = read_predictions(finished.predictions)
    again = study.begin(quick_recipe(), PLAN, finished.path)
    assert study.carry_out(quick_recipe(), PLAN, again, data=slice_of_data, cache=cache) == before


def test_an_interrupted_study_goes_on(
    slice_of_data: Path, cache: FeatureCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, begun = produce.produce, []

    def until_the_second(*arguments: object, **options: object) -> None:
        begun.append(arguments[1])
        if len(begun) == 2:
            raise KeyboardInterrupt
        real(*arguments, **options)

    folder = study.begin(quick_recipe(), PLAN, tmp_path / "study")
    monkeypatch.setattr(produce, "produce", until_the_second)
    with pytest.raises(KeyboardInterrupt):
        study.carry_out(quick_recipe(), PLAN, folder, data=slice_of_data, cache=cache)
    assert not folder.predictions.exists()
    rows = study.carry_out(quick_recipe(), PLAN, folder, data=slice_of_data, cache=cache)
    assert {row.fold for row in rows} == {"folds-1", "folds-2"}
    assert len(begun) == 3


def test_another_study_in_the_folder_is_refused(finished: StudyFolder) -> None:
    other = dataclasses.replace(PLAN, n_folds=3)
    with pytest.raises(OutputError, match="holds another study already"):
        study.begin(quick_recipe(), other, finished.path)


def test_a_folder_without_a_study_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="holds no study"):
        StudyFolder(path=tmp_path).read_plan()


def test_summary_tells_means_over_trainings(finished: StudyFolder) -> None:
    text = summary(read_predictions(finished.predictions), quick_recipe().labels)
    assert "from 2 trainings" in text
    assert text.count("UAR") == 2
    assert "±" in text
