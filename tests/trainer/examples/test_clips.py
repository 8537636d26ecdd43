"""Whole clips become arrays with the right labels, and only those of the parts that may be read."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from edge.errors import UsageError
from tests.trainer.quick import quick_recipe
from trainer.corpora.targets import target
from trainer.examples import clips
from trainer.examples.gather import content_hashes, divide, gather
from trainer.examples.leakage import LeakageError
from trainer.examples.splits import Split
from trainer.features import oracle
from trainer.features.cache import FeatureCache
from trainer.recipe.schema import CorpusUse, DrawnSpeakers, NamedSpeakers, Recipe
from trainer.sound import audio
from trainer.sound.waveform import Gain

HELD_OUT = NamedSpeakers(kind="named", validation=("ravdess_02",), test=("ravdess_17",))


def chroma_recipe() -> Recipe:
    return quick_recipe(split=HELD_OUT)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FeatureCache:
    return FeatureCache(tmp_path_factory.mktemp("cache"), n_processes=1)


def test_inputs_are_the_features_by_librosa(slice_of_data: Path, cache: FeatureCache) -> None:
    recipe = chroma_recipe()
    split = divide(recipe, slice_of_data).split
    found = clips.prepare(recipe, recipe.learning, split, slice_of_data, cache)
    assert found.train.inputs.shape == (len(split.train), 12)
    assert found.validation.inputs.shape == (len(split.validation), 12)
    for i in (0, len(split.train) // 2, len(split.train) - 1):
        sound = audio.load(split.train[i].path, sample_rate_hz=16000)
        with threadpool_limits(limits=1, user_api="blas"):  # as extraction has it
            expected = oracle.extract(sound, recipe.features)
        np.testing.assert_array_equal(found.train.inputs[i], expected)
        assert recipe.labels[found.train.truth[i]] == target(split.train[i], recipe.labels)


def test_no_features_are_made_of_test_recordings(
    slice_of_data: Path, cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = chroma_recipe()
    split = divide(recipe, slice_of_data).split
    fetched: list[Path] = []
    real = FeatureCache.fetch

    def watched(self, sources, extraction, *, title):
        fetched.extend(source.path for source in sources)
        return real(self, sources, extraction, title=title)

    monkeypatch.setattr(FeatureCache, "fetch", watched)
    clips.prepare(recipe, recipe.learning, split, slice_of_data, cache)
    assert set(fetched) == {u.path for u in split.train + split.validation}


def test_copies_are_examples_of_their_own_in_training_only(
    slice_of_data: Path, cache: FeatureCache
) -> None:
    recipe = chroma_recipe()
    louder = Gain(kind="gain", probability=1.0, range_db=(6.0, 6.0))
    learning = dataclasses.replace(recipe.learning, n_copies=2, waveform=(louder,))
    split = divide(recipe, slice_of_data).split
    fewer = Split(train=split.train[:6], validation=split.validation[:3], test=())
    found = clips.prepare(recipe, learning, fewer, slice_of_data, cache)
    assert len(found.train.truth) == 18
    assert len(found.validation.truth) == 3


def test_weights_are_those_of_the_corpora(slice_of_data: Path, cache: FeatureCache) -> None:
    uses = (CorpusUse(name="ravdess", weight=1.0), CorpusUse(name="emodb", weight=0.25))
    recipe = dataclasses.replace(chroma_recipe(), corpora=uses)
    split = divide(recipe, slice_of_data).split
    found = clips.prepare(recipe, recipe.learning, split, slice_of_data, cache)
    expected = [0.25 if u.corpus == "emodb" else 1.0 for u in split.train]
    np.testing.assert_array_equal(found.train.weights, expected)


def test_a_constant_feature_is_not_divided_by_nothing() -> None:
    inputs = np.array([[1.0, 5.0], [3.0, 5.0]], np.float32)
    fitted = clips.standardiser(inputs)
    np.testing.assert_allclose(clips.standardised(inputs, fitted), [[-1, 0], [1, 0]])


def test_what_has_no_label_is_left_out_by_name(slice_of_data: Path) -> None:
    recipe = dataclasses.replace(chroma_recipe(), labels=("happy", "sad"))
    found = gather(recipe, slice_of_data)
    assert {u.emotion for u in found.utterances} == {"happy", "sad"}
    reasons = {item.reason for item in found.left_out}
    assert "calm, which is none of the model's labels" in reasons


def test_speakers_are_drawn_where_none_is_named(slice_of_data: Path) -> None:
    drawn = DrawnSpeakers(kind="drawn", validation_share=0.25, test_share=0.25)
    recipe = dataclasses.replace(chroma_recipe(), split=drawn)
    split = divide(recipe, slice_of_data).split
    assert [len(split.speakers(part)) for part in ("train", "validation", "test")] == [2, 1, 1]


def test_a_named_stranger_is_refused(slice_of_data: Path) -> None:
    stranger = dataclasses.replace(HELD_OUT, test=("ravdess_99",))
    with pytest.raises(UsageError, match="no speaker ravdess_99"):
        divide(dataclasses.replace(chroma_recipe(), split=stranger), slice_of_data)


def test_one_recording_on_two_sides_is_refused(slice_of_data: Path) -> None:
    one = divide(chroma_recipe(), slice_of_data).split.train[0]
    again = dataclasses.replace(one, speaker="ravdess_17")
    with pytest.raises(LeakageError, match="is the same recording as"):
        content_hashes(Split(train=(one,), validation=(), test=(again,)))
