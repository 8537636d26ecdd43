"""Groups of features: nothing is missed, and the names are those of a textbook."""

from __future__ import annotations

import pytest

from edge.dsp.mel import mel_edges_hz
from tests.fakes.specs import BLOCKS, logmel_table, spec
from trainer.judging.featuregroups import groups_of


def names(*blocks: str) -> list[str]:
    return [group.name for group in groups_of(spec(blocks=[BLOCKS[b] for b in blocks]))]


def test_names_of_an_image_of_mel_bands() -> None:
    assert names("logmel") == [
        "log-mel 50-250 Hz",
        "log-mel 250-500 Hz",
        "log-mel 500-1000 Hz",
        "log-mel 1000-2000 Hz",
        "log-mel 2000-4000 Hz",
        "log-mel 4000-7600 Hz",
    ]


def test_names_of_a_vector_of_several_blocks() -> None:
    found = names("mfcc", "chroma", "zcr", "delta of chroma", "delta of delta")
    assert found == [
        "mfcc",
        "mfcc 1-10",
        "mfcc 11-13",
        "chroma",
        "zero crossings",
        "delta of chroma",
        "second delta of mfcc",
        "second delta of mfcc 1-10",
        "second delta of mfcc 11-13",
    ]


@pytest.mark.parametrize("block", BLOCKS)
def test_parts_cover_their_block_once(block: str) -> None:
    features = spec(blocks=[BLOCKS["rms"], BLOCKS[block]])
    whole, *parts = groups_of(features)[1:]
    assert whole.columns == tuple(range(1, features.n_features))
    assert [c for part in parts for c in part.columns] in ([], list(whole.columns))


@pytest.mark.parametrize("block", BLOCKS)
def test_a_single_block_is_covered_by_its_parts(block: str) -> None:
    features = spec(blocks=[BLOCKS[block]])
    columns = [column for group in groups_of(features) for column in group.columns]
    assert columns == list(range(features.n_features))


def test_bands_lie_where_their_name_says() -> None:
    features = spec()
    centres_hz = mel_edges_hz(features.blocks[0].mel)[1:-1]
    for group in groups_of(features):
        low_hz, high_hz = map(float, group.name.split()[1].split("-"))
        assert all(low_hz <= hz < high_hz for hz in centres_hz[list(group.columns)])


def test_a_bank_within_one_octave_has_no_parts() -> None:
    narrow = logmel_table()["mel"] | {"n_mels": 4, "fmin_hz": 600.0, "fmax_hz": 900.0}
    assert [group.name for group in groups_of(spec(blocks=[logmel_table(mel=narrow)]))] == [
        "log-mel"
    ]
