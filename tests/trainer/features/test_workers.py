"""The workers of a cluster make the same numbers, and a cluster that cannot is named."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import data_dir, need
from tests.trainer.features.sounds import TRANSFORMS, frames, inputs, noise_of
from trainer.examples.leakage import content_hash
from trainer.features import workers
from trainer.features.cache import FeatureCache
from trainer.features.extraction import Recording
from trainer.features.workers import ClusterError
from trainer.sound.waveform import Noise, Room, Speed, VocalTract

CHAIN = (
    Speed(kind="speed", probability=0.7, factor_range=(0.8, 1.2)),
    VocalTract(kind="vocal_tract", probability=0.7, factor_range=(0.9, 1.1)),
    Room(kind="room", probability=0.7, folder="rir"),
    Noise(kind="noise", probability=0.7, snr_range_db=(5.0, 20.0), folder="esc10"),
    *TRANSFORMS,
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Return a cluster of two processes with two threads each."""
    need(importlib.util.find_spec("distributed"), "dask[distributed]")
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0") as cluster:
        yield cluster


def recordings(pattern: str, *, n: int) -> list[Recording]:
    paths = sorted(data_dir().glob(pattern))[:n]
    need(len(paths) == n, f"{n} recordings of {pattern}")
    return [Recording(path=path, content=content_hash(path)) for path in paths]


@pytest.mark.parametrize("kind", ["frames", "inputs"])
def test_a_cluster_makes_the_same_features_to_the_last_bit(kind, cluster, tmp_path) -> None:
    sources = recordings("ravdess/Actor_0[12]/03-01-0[1-4]-01-01-01-*", n=8)
    rooms, noises = tuple(recordings("rir/*", n=2)), tuple(recordings("esc10/*/*", n=3))
    extraction = {
        "frames": frames(n_copies=2, rooms=rooms),
        "inputs": inputs(n_copies=2, augmentation=CHAIN, rooms=rooms, noises=noises),
    }[kind]
    address = cluster.scheduler_address
    caches = (
        FeatureCache(tmp_path / "local", n_processes=2),
        FeatureCache(tmp_path / "far", n_processes=1, dask_address=address),
    )
    local, far = (cache.fetch(sources, extraction, title="clips").versions for cache in caches)
    assert list(local) == list(far) == [source.content for source in sources]
    for content in local:
        assert len(local[content]) == 3
        for one, other in zip(local[content], far[content], strict=True):
            np.testing.assert_array_equal(one, other)


def test_what_a_worker_refuses_is_refused_by_name(cluster, tmp_path: Path) -> None:
    torn = tmp_path / "torn.wav"
    torn.write_bytes(b"RIFF....")
    sources = [noise_of(tmp_path / "a.wav", seed=1), Recording(path=torn, content="torn")]
    cache = FeatureCache(tmp_path / "cache", n_processes=1, dask_address=cluster.scheduler_address)
    fetched = cache.fetch(sources, inputs(), title="clips")
    assert list(fetched.versions) == [sources[0].content]
    assert "torn.wav cannot be decoded" in fetched.refused[0].reason


def extract(tmp_path: Path, address: str) -> None:
    cache = FeatureCache(tmp_path / "cache", n_processes=1, dask_address=address)
    cache.fetch([noise_of(tmp_path / "a.wav", seed=1)], inputs(), title="clips")


def test_workers_with_other_libraries_are_refused(cluster, tmp_path, monkeypatch) -> None:
    # Functions travel by name: the workers still answer with what they really have.
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "1.0")
    with pytest.raises(
        ClusterError, match=r"has numpy .*, expected 1\.0 as here; install the same"
    ):
        extract(tmp_path, cluster.scheduler_address)


@pytest.mark.parametrize("address", ["nonsense", "tcp://host", "http://h:1", "tcp://h:99999"])
def test_an_impossible_address_is_refused_at_once(address: str, tmp_path: Path) -> None:
    need(importlib.util.find_spec("distributed"), "dask[distributed]")
    with pytest.raises(ClusterError, match=r"is no address of a Dask scheduler, expected one as"):
        extract(tmp_path, address)


def test_a_scheduler_that_does_not_answer_is_named(tmp_path: Path, monkeypatch) -> None:
    need(importlib.util.find_spec("distributed"), "dask[distributed]")
    monkeypatch.setattr(workers, "_PATIENCE_S", 1)
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1;"):
        extract(tmp_path, "tcp://127.0.0.1:1")


def test_a_scheduler_without_workers_is_named(tmp_path: Path, monkeypatch) -> None:
    need(importlib.util.find_spec("distributed"), "dask[distributed]")
    from distributed import LocalCluster

    monkeypatch.setattr(workers, "_PATIENCE_S", 1)
    with (
        LocalCluster(n_workers=0, dashboard_address=":0") as empty,
        pytest.raises(ClusterError, match=r"has no worker; start one on each machine with"),
    ):
        extract(tmp_path, empty.scheduler_address)


def test_dask_that_is_not_installed_is_named_with_its_extra(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install 'speech-emotion-edge\[dask\]'"):
        extract(tmp_path, "tcp://127.0.0.1:1")
