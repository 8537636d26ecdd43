"""Who trained, who was chosen by and who was only judged by: nobody is named twice."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from trainer import recipe
from trainer.corpora import find
from trainer.examples.splits import Split, by_names, stratified_random

pytest.importorskip("tensorflow")

from trainer.modelfile.manifest import corpus_notes


def noted(split: Split, data: Path) -> list[tuple[str, ...]]:
    (note,) = corpus_notes(recipe.load("mlp-180"), split, data=data)
    return [note.speakers_train, note.speakers_validation, note.speakers_test]


def test_a_split_by_speaker_names_each_in_his_part(slice_of_data: Path) -> None:
    split = by_names(
        find("ravdess", slice_of_data).utterances, validation=["ravdess_03"], test=["ravdess_17"]
    )
    expected = [("ravdess_01", "ravdess_02"), ("ravdess_03",), ("ravdess_17",)]
    assert noted(split, slice_of_data) == expected


def test_a_random_split_holds_nobody_out(slice_of_data: Path) -> None:
    utterances = find("ravdess", slice_of_data).utterances
    split = stratified_random(utterances, validation_share=0.2, test_share=0.3, seed=1)
    train, validation, test = noted(split, slice_of_data)
    assert len(train) == 4
    assert validation == test == ()


def test_who_was_chosen_by_does_not_pass_for_judged_by(slice_of_data: Path) -> None:
    split = by_names(
        find("ravdess", slice_of_data).utterances, validation=["ravdess_03"], test=["ravdess_17"]
    )
    mixed = dataclasses.replace(
        split, validation=split.validation + split.test[:2], test=split.test[2:]
    )
    expected = [("ravdess_01", "ravdess_02"), ("ravdess_03", "ravdess_17"), ()]
    assert noted(mixed, slice_of_data) == expected
