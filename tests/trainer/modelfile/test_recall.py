"""The split of a run, written down and read back, wherever the recordings lie by then."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from edge.contract.labels import EMOTIONS
from edge.errors import NoInputError
from trainer import recipe, run
from trainer.examples.gather import gather
from trainer.examples.splits import Split, stratified_random
from trainer.modelfile.recall import known_voices, read_split
from trainer.recipe.schema import CorpusUse, Recipe
from trainer.run import RunFolder


@pytest.fixture
def made() -> Recipe:
    uses = tuple(CorpusUse(name=name, weight=1.0) for name in ("ravdess", "emodb"))
    return dataclasses.replace(recipe.load("mlp-180"), corpora=uses, labels=EMOTIONS)


@pytest.fixture
def split(made: Recipe, slice_of_data: Path) -> Split:
    found = gather(made, slice_of_data).utterances
    return stratified_random(found, validation_share=0.2, test_share=0.3, seed=1)


def written(split: Split, folder: Path, data: Path) -> RunFolder:
    begun = RunFolder(path=folder)
    run.write_split(begun.split, split, data=data)
    return begun


def test_what_was_written_is_read(
    made: Recipe, split: Split, slice_of_data: Path, tmp_path: Path
) -> None:
    folder = written(split, tmp_path, slice_of_data)
    assert read_split(folder, made, slice_of_data) == split


def test_the_recordings_may_have_moved(
    made: Recipe, split: Split, slice_of_data: Path, tmp_path: Path
) -> None:
    folder = written(split, tmp_path, slice_of_data)
    elsewhere = tmp_path / "elsewhere"
    for corpus in ("ravdess", "emodb"):
        shutil.copytree(slice_of_data / corpus, elsewhere / corpus, symlinks=True)
    found = read_split(folder, made, elsewhere)
    assert all(u.path.is_relative_to(elsewhere) for part in found.parts().values() for u in part)
    names = [u.path.name for u in split.test]
    assert [u.path.name for u in found.test] == names


def test_a_recording_that_no_label_fits_any_more_is_missed(
    made: Recipe, split: Split, slice_of_data: Path, tmp_path: Path
) -> None:
    folder = written(split, tmp_path, slice_of_data)
    fewer = dataclasses.replace(made, labels=EMOTIONS[1:])
    with pytest.raises(NoInputError, match=r"\d+ recordings of the run's split.csv are not found"):
        read_split(folder, fewer, slice_of_data)


def test_a_run_without_a_split(made: Recipe, slice_of_data: Path, tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match=r"split\.csv does not exist"):
        read_split(RunFolder(path=tmp_path), made, slice_of_data)


def test_known_voices_are_those_on_both_sides(split: Split) -> None:
    everybody = split.speakers("train")
    assert known_voices(split) == split.speakers("test")
    strangers = dataclasses.replace(
        split, train=tuple(u for u in split.train if u.speaker == everybody[0])
    )
    assert known_voices(strangers) == (everybody[0],)
    honest = dataclasses.replace(
        strangers, test=tuple(u for u in split.test if u.speaker != everybody[0])
    )
    assert known_voices(honest) == ()
