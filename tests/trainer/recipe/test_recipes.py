"""What every recipe of the program says of itself, and that it holds together."""

from __future__ import annotations

import re

import pytest

from edge.contract.labels import EMOTIONS, NON_VOICE, SEXES
from edge.contract.spec import Image, Mfcc, Pooled
from trainer import recipe
from trainer.corpora import CORPORA
from trainer.features.logmel import mel_power_spec
from trainer.recipe.learning import ClipLearning, WindowLearning
from trainer.recipe.schema import DrawnSpeakers

NAMES = recipe.names()

TABLE = {
    "ann-mfcc40",
    "cnn1d-zcr-rms-a",
    "cnn1d-zcr-rms-b",
    "cnn1d-zcr-rms-c",
    "cnn2d-mel-32-64",
    "cnn2d-mel-64-128",
    "cnn2d-mfcc100",
    "default",
    "ds-cnn",
    "light-sernet",
    "mlp-180",
    "mlp-180-gender",
    "mlp-300",
    "mlp-300-gender",
    "mlp-centroid",
    "tc-resnet",
}

ROOM = {"default", "ds-cnn", "light-sernet", "tc-resnet"}
"""They hear some seconds, whatever the length of a clip."""

LONGEST_CLIP_S = {"ravdess": 5.28, "ravdess-song": 6.34, "tess": 2.99, "crema-d": 5.01}
"""Measured."""


def test_the_table_is_complete() -> None:
    assert set(NAMES) == TABLE


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_named_as_its_file(name: str) -> None:
    assert recipe.load(name).name == ("room" if name == "default" else name)


@pytest.mark.parametrize("name", NAMES)
def test_source_claim_and_licence_are_told(name: str) -> None:
    found = recipe.load(name)
    assert found.source
    assert re.search(r"\d %|none", found.claim)
    # What may be done with the weights is bound by whoever forbids most.
    licences = {CORPORA[use.name].licence for use in found.corpora}
    assert ("CC BY-NC-SA 4.0" in licences) == ("non-commercial" in found.licence)
    assert ("CC BY-NC-ND 4.0" in licences) == ("not to be given away" in found.licence)


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_what_the_corpora_have(name: str) -> None:
    found = recipe.load(name)
    if name.endswith("gender"):
        assert found.labels == SEXES
        return
    told = {emotion for use in found.corpora for emotion in CORPORA[use.name].emotions}
    expected = tuple(emotion for emotion in EMOTIONS if emotion in told)
    silence = (NON_VOICE,) if isinstance(found.learning, WindowLearning) else ()
    assert found.labels == expected + silence
    assert (found.decision.non_voice_veto < 1) == bool(silence)


@pytest.mark.parametrize("name", sorted(set(NAMES) - ROOM))
def test_a_whole_clip_fits_into_the_window(name: str) -> None:
    found = recipe.load(name)
    heard_s = found.features.window_length / found.features.sample_rate_hz
    assert heard_s >= max(LONGEST_CLIP_S[use.name] for use in found.corpora)


@pytest.mark.parametrize("name", sorted(ROOM))
def test_networks_for_a_room_are_streamed_and_quick(name: str) -> None:
    spec = recipe.load(name).features
    assert spec.streamable
    assert spec.window_length / spec.sample_rate_hz < 4.1


def test_windows_are_learnt_from_powers() -> None:
    found = recipe.load("default")
    assert isinstance(found.learning, WindowLearning)
    assert mel_power_spec(found.features).n_features == found.features.n_features


def test_features_differ_exactly_where_the_systems_do() -> None:
    groups: dict[str, set[str]] = {}
    for name in NAMES:
        groups.setdefault(recipe.load(name).features.fingerprint(), set()).add(name)
    shared = {frozenset(names) for names in groups.values() if len(names) > 1}
    assert shared == {
        frozenset({"mlp-180", "mlp-180-gender", "mlp-300", "mlp-300-gender"}),
        frozenset({"cnn1d-zcr-rms-a", "cnn1d-zcr-rms-b", "cnn1d-zcr-rms-c"}),
        frozenset({"cnn2d-mel-32-64", "cnn2d-mel-64-128"}),
    }


@pytest.mark.parametrize(
    ("name", "n_numbers", "sample_rate_hz"),
    [
        ("mlp-180", 40 + 12 + 128, 16000),
        ("mlp-centroid", 40 + 12 + 128 + 1, 16000),
        ("cnn1d-zcr-rms-a", 2, 16000),
        ("ann-mfcc40", 40, 22050),
    ],
)
def test_vectors_are_means(name: str, n_numbers: int, sample_rate_hz: int) -> None:
    spec = recipe.load(name).features
    assert isinstance(spec.layout, Pooled)
    assert spec.layout.statistics == ("mean",)
    assert spec.shape == (n_numbers,)
    assert spec.sample_rate_hz == sample_rate_hz
    assert (spec.framing.n_fft, spec.framing.hop_length) == (2048, 512)


def test_features_of_light_sernet_are_those_of_the_paper() -> None:
    spec = recipe.load("light-sernet").features
    [block] = spec.blocks
    assert isinstance(block, Mfcc)
    assert isinstance(spec.layout, Image)
    assert (spec.sample_rate_hz, spec.framing.n_fft, spec.framing.hop_length) == (16000, 1024, 256)
    assert (block.n_mfcc, block.mel.n_mels) == (40, 128)
    assert (block.mel.fmin_hz, block.mel.fmax_hz) == (80, 7600)
    assert spec.window_length <= 3 * 16000 < spec.window_length + 256


@pytest.mark.parametrize(
    ("name", "splits"),
    [
        ("mlp-180", [(0, 0.2)]),
        ("mlp-300", [(0, 0.25)]),
        ("mlp-centroid", [(0, 0.2)]),
        ("ann-mfcc40", [(0, 0.2)]),
        ("cnn1d-zcr-rms-b", [(0.7 * 0.05, 0.3)]),
        ("cnn2d-mel-64-128", [(0.7 * 0.05, 0.3)]),
        ("cnn2d-mfcc100", [(0.15, 0.1), (0.2, 0.1), (0.1, 0.1)]),
    ],
)
def test_published_splits(name: str, splits: list[tuple[float, float]]) -> None:
    found = recipe.load(name).published_splits
    shares = [(split.validation_share, split.test_share) for split in found]
    assert shares == [pytest.approx(split) for split in splits]


@pytest.mark.parametrize("name", NAMES)
def test_nobody_stops_early_by_recordings_that_he_does_not_have(name: str) -> None:
    found = recipe.load(name)
    if not isinstance(found.learning, ClipLearning) or not found.learning.fit.patience:
        return
    assert isinstance(found.split, DrawnSpeakers)
    assert all(split.validation_share for split in found.published_splits)
