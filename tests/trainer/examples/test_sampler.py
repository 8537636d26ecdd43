"""Training windows: the right shapes, balances and masks, and the same for the same seed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edge.contract.labels import EMOTIONS
from tests.fakes.utterances import utterance
from trainer import recipe
from trainer.corpora import CORPORA
from trainer.examples.dataset import DataSet, Version, Voice
from trainer.examples.sampler import WindowSampler, evaluation_windows
from trainer.recipe.schema import Recipe

TINY = Path(__file__).parents[1] / "tiny.toml"


def tiny() -> Recipe:
    return recipe.load(str(TINY))


LABELS = tiny().labels


def sampler_of(data: DataSet, *, seed: int = 7, **fit: object) -> WindowSampler:
    found = dataclasses.replace(tiny(), seed=seed)
    learning = found.learning
    changed = dataclasses.replace(learning, fit=dataclasses.replace(learning.fit, **fit))
    return WindowSampler(found, changed, data)


def voice(*, corpus: str, emotion: str, n_frames: int) -> Voice:
    rng = np.random.default_rng(n_frames)
    power = rng.gamma(2.0, 0.5, (n_frames, 64)).astype(np.float32)
    version = Version(power=power, voice=(0, n_frames), level=float(power.sum(axis=1).mean()))
    said = utterance(f"{corpus}-{emotion}.wav", corpus=corpus, emotion=emotion)
    return Voice(utterance=said, versions=(version, version))


@pytest.fixture
def data() -> DataSet:
    voices = [
        *(voice(corpus="ravdess", emotion=e, n_frames=100 + i) for i, e in enumerate(EMOTIONS)),
        voice(corpus="emodb", emotion="neutral", n_frames=300),
        voice(corpus="emodb", emotion="angry", n_frames=30),
    ]
    noise = np.random.default_rng(0).gamma(2.0, 0.5, (400, 64)).astype(np.float32)
    return DataSet(
        voices={"train": tuple(voices), "validation": ()},
        others={"noise": (noise, noise[:20])},
        emotions={"ravdess": EMOTIONS, "emodb": CORPORA["emodb"].emotions},
        left_out=(),
    )


def test_batches_have_the_shape_of_the_network(data: DataSet) -> None:
    windows, targets, weights = sampler_of(data).batch(np.random.default_rng(0))
    np.testing.assert_array_equal(weights, np.ones(16))
    assert windows.shape == (16, 192, 64, 1)
    assert windows.dtype == targets.dtype == np.float32
    assert targets.shape == (16, 2 * len(LABELS))
    assert np.isfinite(windows).all()
    np.testing.assert_allclose(targets[:, : len(LABELS)].sum(axis=1), 1.0, rtol=1e-6)


def test_an_epoch_depends_on_the_seed_and_its_number_alone(data: DataSet) -> None:
    def draw(*, seed: int, number: int) -> list[np.ndarray]:
        return [w for w, _, _ in sampler_of(data, seed=seed, steps_per_epoch=2).epoch(number)]

    np.testing.assert_array_equal(draw(seed=1, number=3), draw(seed=1, number=3))
    assert not np.array_equal(draw(seed=1, number=3), draw(seed=2, number=3))
    assert not np.array_equal(draw(seed=1, number=3), draw(seed=1, number=4))


def test_an_epoch_has_its_steps(data: DataSet) -> None:
    assert len(list(sampler_of(data, steps_per_epoch=5).epoch(1))) == 5


def test_emotions_of_a_corpus_come_equally_often(data: DataSet) -> None:
    sampler = sampler_of(data, label_smoothing=0.0)
    rng = np.random.default_rng(0)
    wanted = np.concatenate([sampler.batch(rng)[1][:, : len(LABELS)] for _ in range(60)])
    share = wanted.mean(axis=0)
    # A tenth is no voice; of the voices 2/3 are RAVDESS (8 emotions), 1/3 EmoDB (2 here).
    expected = dict.fromkeys(EMOTIONS, 0.9 * 2 / 3 / 8)
    for emotion in ("neutral", "angry"):
        expected[emotion] += 0.9 / 3 / 2
    for label, found in zip(LABELS, share, strict=True):
        assert found == pytest.approx(expected.get(label, 0.1), abs=0.035)


def test_what_a_corpus_cannot_say_is_not_judged(data: DataSet) -> None:
    sampler = sampler_of(data, label_smoothing=0.0)
    rng = np.random.default_rng(0)
    unjudged: dict[str, set[tuple[str, ...]]] = {}
    for _ in range(30):
        for row in sampler.batch(rng)[1]:
            label = LABELS[int(row[: len(LABELS)].argmax())]
            hidden = tuple(e for e, ok in zip(LABELS, row[len(LABELS) :], strict=True) if not ok)
            unjudged.setdefault(label, set()).add(hidden)
    # EmoDB has no calm: its neutral may be calm. It has no surprise, but its anger is none.
    assert unjudged["neutral"] == {(), ("calm",)}
    assert unjudged["angry"] == {()}
    assert unjudged["happy"] == unjudged["non_voice"] == {()}


@pytest.mark.parametrize(
    ("n_frames", "n_windows"), [(1, 1), (192, 1), (223, 1), (224, 2), (288, 4)]
)
def test_evaluation_windows_cover_a_recording(n_frames: int, n_windows: int) -> None:
    power = np.random.default_rng(0).gamma(2.0, 0.5, (n_frames, 64)).astype(np.float32)
    found = evaluation_windows(power, tiny(), hop_frames=32)
    assert found.shape == (n_windows, 192, 64, 1)
    assert np.isfinite(found).all()
