"""What stands in a report beside the figures: who was heard, by which protocol, beside what."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import UsageError
from tests.trainer.report.conftest import write_run
from trainer.report import gather, sources
from trainer.run import SplitRow, split_rows


def rows(*told: str) -> list[SplitRow]:
    """Read ``part speaker file``."""
    return [
        SplitRow(part=part, corpus="ravdess", speaker=speaker, file=file)
        for part, speaker, file in map(str.split, told)
    ]


@pytest.mark.parametrize(
    ("split", "shared"),
    [
        (("train A 1", "validation B 2", "test C 3"), False),
        (("train A 1", "test A 2"), True),
        (("train A 1", "validation C 2", "test C 3"), False),
    ],
)
def test_voices_are_new_unless_learned_from(split: tuple[str, ...], shared: bool) -> None:
    assert gather._shares_speakers(rows(*split)) == shared


def test_recordings_are_counted_once_over_all_trainings(study_folder: Path) -> None:
    source = sources.find(study_folder)
    split = [row for cell in source.cells for row in split_rows(cell.split)]
    ravdess, emodb, _ = gather._corpora(source, split)
    assert (ravdess["n_train"], ravdess["n_validation"], ravdess["n_test"]) == (5, 0, 256)
    assert ravdess["speakers_train"] == ["ravdess_01"]
    assert ravdess["speakers_test"] == [f"ravdess_{i}" for i in (17, 18, 19, 20)]
    assert (emodb["name"], emodb["licence"], emodb["n_train"]) == ("emodb", "CC0 1.0", 0)


def test_a_random_split_beside(judged_run: Path, tmp_path: Path) -> None:
    beside = tmp_path / "random"
    drawn = write_run(beside, protocol="random", fold="random")
    figures = gather._random(sources.find(judged_run), beside, "int8")
    assert figures["n_clips"] == len(drawn)


def test_only_a_random_split_stands_beside(judged_run: Path, study_folder: Path) -> None:
    with pytest.raises(UsageError, match="by the protocol folds, expected one of tiny"):
        gather._random(sources.find(judged_run), study_folder, "int8")


def test_a_random_split_of_the_same_precision(judged_run: Path, tmp_path: Path) -> None:
    beside = tmp_path / "random"
    write_run(beside, protocol="random", fold="random")
    with pytest.raises(UsageError, match="was judged at int8, expected float32"):
        gather._random(sources.find(judged_run), beside, "float32")
