"""The recipes' features are those of the published code, and the device computes the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache

import librosa
import numpy as np
import pytest

from edge import dsp
from edge.contract.layouts import NoNorm, Pooled
from edge.contract.spec import FeatureSpec
from tests.support import data_dir, need
from trainer import recipe
from trainer.features import oracle, parity
from trainer.sound import audio

# librosa's word on silence and clipping, which have no pitch to be tuned to.
pytestmark = pytest.mark.filterwarnings("ignore:Trying to estimate tuning")

CLIPS = (
    "ravdess/Actor_01/03-01-05-02-01-01-01.flac",
    "ravdess-song/Actor_02/03-02-04-01-01-01-02.ogg",
    "emodb/03a01Wa.flac",
    "tess/OAF_back_fear.ogg",
    "crema-d-sample/1001_DFA_ANG_XX.flac",
)

SPECS = {
    recipe.load(name).features.fingerprint(): (name, recipe.load(name).features)
    for name in recipe.names()
}
"""The last recipe of each specification, so that none is tried twice."""

ONE_OF_EACH = pytest.mark.parametrize(
    "spec", [spec for _, spec in SPECS.values()], ids=[name for name, _ in SPECS.values()]
)


@cache
def sounds(sample_rate_hz: int) -> dict[str, np.ndarray]:
    """Return real clips, silence, and a clip that is louder than its file can be."""
    folder = data_dir()
    for name in CLIPS:
        need((folder / name).is_file(), name)
    clips = {name: audio.load(folder / name, sample_rate_hz=sample_rate_hz) for name in CLIPS}
    loud = np.clip(50 * clips[CLIPS[0]], -1, 1 - 2**-15).astype(np.float32)
    return {
        **clips,
        "silence": np.zeros(2 * sample_rate_hz, np.float32),
        "clipping": loud,
        "speech, then silence": np.concatenate([loud[:sample_rate_hz], np.zeros_like(loud)]),
    }


@ONE_OF_EACH
def test_every_frame_agrees_with_librosa(spec: FeatureSpec) -> None:
    given = sounds(spec.sample_rate_hz)
    differences = parity.front_end(spec, given)
    parity.refuse(differences)
    assert {found.signal for found in differences} == given.keys()


@ONE_OF_EACH
def test_what_the_network_gets_agrees_with_librosa(spec: FeatureSpec) -> None:
    for name, samples in sounds(spec.sample_rate_hz).items():
        expected, found = oracle.extract(samples, spec), dsp.extract(samples, spec)
        assert expected.shape == found.shape == spec.shape, name
        assert np.isfinite(found).all(), name
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-3, err_msg=name)


def as_180(y: np.ndarray, sr: int) -> np.ndarray:
    stft = np.abs(librosa.stft(y))
    parts = (
        librosa.feature.mfcc(y=y, sr=sr, n_mfcc=40),
        librosa.feature.chroma_stft(S=stft, sr=sr),
        librosa.feature.melspectrogram(y=y, sr=sr),
    )
    return np.hstack([np.mean(part.T, axis=0) for part in parts])


def as_181(y: np.ndarray, sr: int) -> np.ndarray:
    return np.append(as_180(y, sr), np.mean(librosa.feature.spectral_centroid(y=y, sr=sr)))


def as_two_numbers(y: np.ndarray, sr: int) -> np.ndarray:
    crossings = librosa.feature.zero_crossing_rate(y, frame_length=2048, hop_length=512)
    levels = librosa.feature.rms(y=y, frame_length=2048, hop_length=512)
    return np.hstack([np.mean(crossings), np.mean(levels)])


def as_mean_mfcc(y: np.ndarray, sr: int) -> np.ndarray:
    return np.mean(librosa.feature.mfcc(y=y, sr=sr, n_mfcc=40).T, axis=0)


def as_mel_image(y: np.ndarray, sr: int) -> np.ndarray:
    return librosa.feature.melspectrogram(y=y, sr=sr).T


def as_mfcc_image(y: np.ndarray, sr: int) -> np.ndarray:
    image = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=100).T
    return image.max() - image


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("mlp-180", as_180),
        ("mlp-centroid", as_181),
        ("cnn1d-zcr-rms-a", as_two_numbers),
        ("ann-mfcc40", as_mean_mfcc),
        ("cnn2d-mel-32-64", as_mel_image),
        ("cnn2d-mfcc100", as_mfcc_image),
    ],
)
def test_features_are_those_of_the_published_code(
    name: str, published: Callable[[np.ndarray, int], np.ndarray]
) -> None:
    spec = recipe.load(name).features
    is_image = not isinstance(spec.layout, Pooled)
    for clip in CLIPS:
        samples = sounds(spec.sample_rate_hz)[clip]
        if is_image:
            samples = samples[: spec.window_length]
            samples = np.pad(samples, (0, spec.window_length - len(samples)))
        expected = published(samples, spec.sample_rate_hz)
        found = dsp.extract(samples, spec)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-3, err_msg=clip)


def test_the_comparison_is_not_blind() -> None:
    spec = recipe.load("cnn2d-mfcc100").features
    samples = sounds(spec.sample_rate_hz)[CLIPS[0]]
    plain = dataclasses.replace(spec, norm=NoNorm(kind="none"))
    difference = dsp.extract(samples, plain) - oracle.extract(samples, spec)
    assert np.abs(difference).max() > 1
