"""What a reproduction trains, and on what when a corpus is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("tensorflow")

from edge.errors import NoInputError
from trainer import recipe as recipes
from trainer.recipe.schema import PublishedSplit
from trainer.reproduction.reproduce import Effort, plans, present, share_text

EFFORT = Effort(n_folds=5, only_folds=2, seeds=(0,))


@pytest.mark.parametrize(
    ("validation", "test", "text"),
    [(0.0, 0.2, "80/20"), (0.05, 0.3, "65/5/30"), (0.2, 0.1, "70/20/10")],
)
def test_share_text(validation: float, test: float, text: str) -> None:
    assert share_text(PublishedSplit(validation_share=validation, test_share=test)) == text


def test_every_published_split_is_a_study_and_the_folds_are_one() -> None:
    found = plans(recipes.load("cnn2d-mfcc100"), EFFORT)
    assert len(found) == 4
    assert [plan.protocol for plan in found.values()] == ["random"] * 3 + ["folds"]
    assert [plan.only_folds for plan in found.values()] == [0, 0, 0, 2]


def test_absent_corpus_is_stood_in_for(slice_of_data: Path) -> None:
    found = present(recipes.load("cnn1d-zcr-rms-a"), slice_of_data)
    assert [use.name for use in found.corpora] == ["ravdess"]


def test_present_corpora_stay(slice_of_data: Path) -> None:
    found = present(recipes.load("cnn2d-mfcc100"), slice_of_data)
    assert {use.name for use in found.corpora} == {"ravdess", "ravdess-song"}


def test_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="needs one of the corpora ravdess"):
        present(recipes.load("mlp-180"), tmp_path)
