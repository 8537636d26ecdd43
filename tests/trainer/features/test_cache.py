"""Frames are made once; bad recordings are named, and too many of them are an error."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge.contract.spec import FeatureSpec
from edge.errors import AudioDataError
from tests.fakes.specs import spec
from trainer import features, recipe, splits
from trainer.cache import Extraction, FeatureCache, Recording, Synthetic
from trainer.dataset import LARGEST_REFUSED_SHARE, _report
from trainer.logmel import mel_power_spec

AUGMENTATION = recipe.load("default").copies.settings


def extraction(*, n_copies: int = 1, seed: int = 3, of: FeatureSpec | None = None) -> Extraction:
    return Extraction(
        spec=mel_power_spec(of or spec()),
        n_copies=n_copies,
        augmentation=AUGMENTATION,
        seed=seed,
        rooms=(),
    )


def recording(path: Path, samples: np.ndarray) -> Recording:
    soundfile.write(path, samples, 16000, subtype="PCM_16")
    return Recording(path=path, content=splits.content_hash(path))


@pytest.fixture
def sound(tmp_path: Path) -> Recording:
    samples = 0.1 * np.random.default_rng(0).standard_normal(16000)
    return recording(tmp_path / "sound.wav", samples)


def test_frames_are_those_of_librosa_and_stay_the_same(sound: Recording, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "cache", n_processes=1)
    first = cache.fetch([sound], extraction(), title="").versions[sound.content]
    made = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "cache").iterdir()}
    again = cache.fetch([sound], extraction(), title="").versions[sound.content]

    expected = features.frames_of(sound.samples(sample_rate_hz=16000), extraction().spec)
    np.testing.assert_array_equal(first[0], expected)
    assert len(first) == 2
    for old, new in zip(first, again, strict=True):
        np.testing.assert_array_equal(old, new)
    assert made == {p.name: p.stat().st_mtime_ns for p in (tmp_path / "cache").iterdir()}
    assert len(made) == 1


def test_a_copy_depends_on_the_seed_and_the_content_only(sound: Recording) -> None:
    other_path = dataclasses.replace(sound, path=sound.path.rename(sound.path.with_stem("b")))
    copies = [extraction(seed=seed).run(other_path)[1] for seed in (3, 3, 4)]
    np.testing.assert_array_equal(copies[0], copies[1])
    assert not np.array_equal(copies[0], copies[2])


def test_everything_that_changes_frames_changes_their_key(sound: Recording) -> None:
    mel = spec(layout={"kind": "image", "n_frames": 100})
    variants = [
        extraction(),
        extraction(n_copies=2),
        extraction(seed=4),
        extraction(of=mel),
        dataclasses.replace(extraction(), rooms=(sound,)),
        dataclasses.replace(
            extraction(), augmentation=dataclasses.replace(AUGMENTATION, reverb_probability=0.1)
        ),
    ]
    keys = {variant.key(sound) for variant in variants}
    keys.add(extraction().key(dataclasses.replace(sound, content="other")))
    assert len(keys) == len(variants) + 1


def test_original_frames_do_not_depend_on_what_copies_would_be(sound: Recording) -> None:
    assert extraction(n_copies=0, seed=1).key(sound) == extraction(n_copies=0, seed=2).key(sound)


def test_bad_recordings_are_refused_by_name(sound: Recording, tmp_path: Path) -> None:
    silent = recording(tmp_path / "silent.wav", np.zeros(1600))
    empty = recording(tmp_path / "empty.wav", np.zeros(0))
    torn = tmp_path / "torn.wav"
    torn.write_bytes(b"RIFF....")
    broken = Recording(path=torn, content="torn")
    fetched = FeatureCache(tmp_path / "cache", n_processes=1).fetch(
        [silent, sound, empty, broken], extraction(n_copies=0), title=""
    )
    assert fetched.versions.keys() == {sound.content}
    reasons = {item.path.name: item.reason for item in fetched.refused}
    assert "is silent" in reasons["silent.wav"]
    assert "is empty" in reasons["empty.wav"]
    assert "cannot be decoded" in reasons["torn.wav"]


def test_too_many_bad_recordings_are_an_error(caplog: pytest.LogCaptureFixture) -> None:
    from trainer.corpora.base import LeftOut

    bad = [LeftOut(path=Path("a.wav"), reason="recording a.wav is silent")]
    _report(bad, n_clips=round(1 / LARGEST_REFUSED_SHARE))
    assert "left out: recording a.wav is silent" in caplog.text
    with pytest.raises(AudioDataError, match=r"1 of 50 recordings .* the first: recording a\.wav"):
        _report(bad, n_clips=50)


def test_synthetic_sounds_are_the_same_for_a_seed() -> None:
    def made(number: int) -> np.ndarray:
        source = Synthetic(content="s", seed=7, number=number, length_s=0.5)
        return source.samples(sample_rate_hz=16000)

    np.testing.assert_array_equal(made(1), made(1))
    assert not np.array_equal(made(1), made(2))
    assert made(1).shape == (8000,)
