"""A slice of real recordings, and one tiny training on it that several tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import data_dir, need

TINY_RECIPE = Path(__file__).with_name("tiny.toml")

_SLICE = {
    "ravdess": tuple(f"Actor_{actor}/03-01-0*-01-01-*" for actor in ("01", "02", "03", "17")),
    "emodb": ("03a0[1-5]*", "08a0[1-5]*", "11a0[1-5]*"),
    "nemo": ("SM0_*_1[0-3].ogg",),
    "ravdess-song": ("Actor_17/03-02-0*-01-01-01-17*",),
    "esc10": ("00[125]*/1-1*", "00[125]*/1-2*"),
    "rir": ("*",),
}


@pytest.fixture(scope="session")
def slice_of_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder like the data folder with few recordings in it."""
    origin, folder = data_dir(), tmp_path_factory.mktemp("data")
    for corpus, patterns in _SLICE.items():
        need((origin / corpus).is_dir(), f"corpus {corpus}")
        for path in (p for pattern in patterns for p in (origin / corpus).glob(pattern)):
            link = folder / path.relative_to(origin)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    return folder


@pytest.fixture(scope="session")
def tiny_run(slice_of_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run folder of the tiny recipe, trained by the command line."""
    from trainer.cli import main

    base = tmp_path_factory.mktemp("tiny")
    command = ("train", str(TINY_RECIPE), "--data", str(slice_of_data), "--processes", "2")
    assert main([*command, "--out", str(base / "run"), "--cache", str(base / "cache")]) == 0
    return base / "run"
