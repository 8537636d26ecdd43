"""Features are made once; what went wrong is named, and leaves nothing half-written."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edge.errors import AudioDataError, OutputError
from tests.trainer.features.sounds import frames, inputs, noise_of, recording
from trainer.corpora.base import LeftOut
from trainer.examples.dataset import LARGEST_REFUSED_SHARE, refuse_damage
from trainer.features import workers
from trainer.features.cache import FeatureCache, Fetched
from trainer.features.extraction import Extraction, Recording, Synthetic


@pytest.fixture
def sounds(tmp_path: Path) -> list[Recording]:
    return [noise_of(tmp_path / f"{n}.wav", seed=n, n_samples=6000 + 250 * n) for n in range(6)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path) -> FeatureCache:
    return FeatureCache(folder, n_processes=1)


def fetch(cache: FeatureCache, sources: list, extraction: Extraction | None = None) -> Fetched:
    return cache.fetch(sources, extraction or inputs(), title="clips")


def assert_same(one: Fetched, other: Fetched) -> None:
    assert list(one.versions) == list(other.versions)
    for content, versions in one.versions.items():
        for first, second in zip(versions, other.versions[content], strict=True):
            np.testing.assert_array_equal(first, second)


@contextmanager
def files_up_to(n_bytes: int) -> Iterator[None]:
    """The kernel lets no file of this process grow beyond `n_bytes`, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("extraction", [frames(n_copies=2), inputs(n_copies=2)])
def test_features_are_made_once_and_stay_the_same(extraction, sounds, cache, folder) -> None:
    first = fetch(cache, sounds, extraction)
    made = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    again = fetch(cache, sounds, extraction)
    assert_same(first, again)
    assert made == {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    assert len(made) == len(sounds)
    for sound in sounds:
        expected = extraction.run(sound)
        assert len(expected) == 3
        for one, other in zip(expected, again.versions[sound.content], strict=True):
            np.testing.assert_array_equal(one, other)


def test_several_processes_make_the_same_in_the_same_order(sounds, tmp_path) -> None:
    results = [
        fetch(FeatureCache(tmp_path / str(n), n_processes=n), sounds, frames()) for n in (1, 2)
    ]
    assert list(results[0].versions) == [sound.content for sound in sounds]
    assert_same(*results)


def test_an_interrupted_extraction_goes_on_where_it_stopped(
    sounds, cache, folder, monkeypatch
) -> None:
    attempt, asked = workers.attempt, []

    def interrupted(source, extraction):
        asked.append(source.content)
        if len(asked) == 4:
            raise KeyboardInterrupt
        return attempt(source, extraction)

    monkeypatch.setattr(workers, "attempt", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(cache, sounds)
    assert len(list(folder.iterdir())) == 3
    assert {path.suffix for path in folder.iterdir()} == {".npz"}
    asked.clear()
    asked.extend("----")
    assert len(fetch(cache, sounds).versions) == len(sounds)
    assert asked[4:] == [sound.content for sound in sounds[3:]]


def test_a_full_disk_is_said_and_leaves_no_half_file(sounds, cache, folder) -> None:
    with (
        files_up_to(4000),
        pytest.raises(OutputError, match=r"feature cache .*cache cannot be written: .* --cache"),
    ):
        fetch(cache, sounds)
    assert list(folder.iterdir()) == []
    assert len(fetch(cache, sounds).versions) == len(sounds)


def test_a_folder_that_cannot_be_made_is_named(sounds, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"feature cache .*file/cache cannot be written: Not a"):
        fetch(FeatureCache(tmp_path / "file" / "cache", n_processes=1), sounds)


@pytest.mark.parametrize("rest", [b"", b"PK\x03\x04", b"no archive at all"])
def test_a_damaged_file_is_made_anew(rest: bytes, sounds, cache, folder) -> None:
    before = fetch(cache, sounds[:1])
    (path,) = folder.iterdir()
    path.write_bytes(rest)
    assert_same(before, fetch(cache, sounds[:1]))
    assert path.stat().st_size > len(rest)


def test_a_truncated_file_is_made_anew(sounds, cache, folder) -> None:
    before = fetch(cache, sounds[:1])
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-200])
    assert_same(before, fetch(cache, sounds[:1]))


def test_the_same_recording_twice_is_made_once(sounds, cache, folder) -> None:
    twice = [sounds[0], sounds[1], sounds[0]]
    assert list(fetch(cache, twice).versions) == [sounds[0].content, sounds[1].content]
    assert len(list(folder.iterdir())) == 2


def test_nothing_to_fetch_is_no_error(cache) -> None:
    assert fetch(cache, []) == Fetched(versions={}, refused=())


def test_synthetic_sounds_are_kept_too(cache, folder) -> None:
    source = Synthetic(content="synthetic-1-2", seed=1, number=2, length_s=0.5)
    assert_same(fetch(cache, [source], frames()), fetch(cache, [source], frames()))
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("n_processes", [1, 2])
def test_bad_recordings_are_refused_by_name(n_processes, sounds, folder, tmp_path) -> None:
    silent = recording(tmp_path / "silent.wav", np.zeros(1600))
    empty = recording(tmp_path / "empty.wav", np.zeros(0))
    torn = tmp_path / "torn.wav"
    torn.write_bytes(b"RIFF....")
    broken = Recording(path=torn, content="torn")
    cache = FeatureCache(folder, n_processes=n_processes)
    fetched = fetch(cache, [silent, sounds[0], empty, broken], frames(n_copies=0))
    assert fetched.versions.keys() == {sounds[0].content}
    reasons = {item.path.name: item.reason for item in fetched.refused}
    assert list(reasons) == ["silent.wav", "empty.wav", "torn.wav"]
    assert "is silent" in reasons["silent.wav"]
    assert "is empty" in reasons["empty.wav"]
    assert "cannot be decoded" in reasons["torn.wav"]


def test_too_many_bad_recordings_are_an_error(caplog: pytest.LogCaptureFixture) -> None:
    bad = [LeftOut(path=Path("a.wav"), cause="unusable", reason="recording a.wav is silent")]
    refuse_damage(bad, n_clips=round(1 / LARGEST_REFUSED_SHARE))
    assert "left out: recording a.wav is silent" in caplog.text
    with pytest.raises(AudioDataError, match=r"1 of 50 recordings .* the first: recording a\.wav"):
        refuse_damage(bad, n_clips=50)
