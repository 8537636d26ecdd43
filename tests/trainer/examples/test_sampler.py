"""Training windows: the right shapes, balances and masks, and the same for the same seed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edge.contract.labels import EMOTIONS
from trainer import recipe
from trainer.corpora.base import Utterance
from trainer.dataset import DataSet, Version, Voice
from trainer.labels import LABELS
from trainer.sampler import WindowSampler, evaluation_windows
from trainer.splits import Split

TINY = Path(__file__).with_name("tiny.toml")


def tiny(**training: object) -> recipe.Recipe:
    found = recipe.load(str(TINY))
    return dataclasses.replace(found, training=dataclasses.replace(found.training, **training))


def voice(*, corpus: str, emotion: str, n_frames: int) -> Voice:
    rng = np.random.default_rng(n_frames)
    power = rng.gamma(2.0, 0.5, (n_frames, 64)).astype(np.float32)
    version = Version(power=power, voice=(0, n_frames), level=float(power.sum(axis=1).mean()))
    said = Utterance(
        path=Path(f"{corpus}-{emotion}.wav"),
        corpus=corpus,
        emotion=emotion,
        speaker="a",
        sex="F",
        intensity="",
        text="",
        take="",
    )
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
        split=Split(train=(), validation=(), test=()),
        voices={"train": tuple(voices), "validation": ()},
        others={"noise": (noise, noise[:20])},
        left_out=(),
    )


def test_batches_have_the_shape_of_the_network(data: DataSet) -> None:
    windows, targets = WindowSampler(tiny(), data).batch(np.random.default_rng(0))
    assert windows.shape == (16, 192, 64, 1)
    assert windows.dtype == targets.dtype == np.float32
    assert targets.shape == (16, 2 * len(LABELS))
    assert np.isfinite(windows).all()
    np.testing.assert_allclose(targets[:, : len(LABELS)].sum(axis=1), 1.0, rtol=1e-6)


def test_same_seed_same_batches(data: DataSet) -> None:
    def draw(seed: int) -> list[np.ndarray]:
        return [w for w, _ in WindowSampler(tiny(), data).batches(n_batches=3, seed=seed)]

    np.testing.assert_array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))


def test_as_many_batches_come_as_are_asked_for(data: DataSet) -> None:
    sampler = WindowSampler(tiny(), data)
    assert [len(list(sampler.batches(n_batches=n, seed=0))) for n in (0, 1, 9)] == [0, 1, 9]


def test_fault_while_drawing_is_not_swallowed(data: DataSet) -> None:
    broken = dataclasses.replace(data, others={"noise": (np.zeros((400, 63), np.float32),)})
    with pytest.raises(ValueError, match="63"):
        list(WindowSampler(tiny(), broken).batches(n_batches=20, seed=0))


def test_emotions_of_a_corpus_come_equally_often(data: DataSet) -> None:
    sampler = WindowSampler(tiny(label_smoothing=0.0), data)
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
    sampler = WindowSampler(tiny(label_smoothing=0.0), data)
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
