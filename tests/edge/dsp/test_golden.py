"""librosa's numbers from a file: `edge.dsp` is held to them where librosa is not installed."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest

from edge.dsp import frames_of
from tests.fakes.specs import BLOCKS, spec
from tests.support import REPOSITORY

FOLDER = REPOSITORY / "tests" / "golden"
PADDINGS = ("none", "reflect")
IN_DB = {"logmel", "mfcc", "delta", "chroma", "contrast"}


@pytest.fixture(scope="module")
def golden() -> Mapping[str, np.ndarray]:
    with np.load(FOLDER / "features.npz", allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("block", BLOCKS)
def test_features_are_librosas(block: str, padding: str, golden: Mapping[str, np.ndarray]) -> None:
    framing = {"n_fft": 512, "win_length": 400, "hop_length": 250, "window": "hann"}
    made = spec(blocks=[BLOCKS[block]], framing=framing | {"padding": padding})
    names = [key.removesuffix("/samples") for key in golden if key.endswith("/samples")]
    assert len(names) == 4
    for name in names:
        samples = golden[f"{name}/samples"].astype(np.float32) / np.float32(32768)
        expected = golden[f"{name}/{block}; {padding}"]
        bound = 1e-3 if BLOCKS[block]["kind"] in IN_DB else 1e-4 * np.abs(expected).max() + 1e-12
        np.testing.assert_allclose(frames_of(samples, made), expected, rtol=0, atol=bound)


def test_the_file_says_where_it_comes_from() -> None:
    provenance = json.loads((FOLDER / "features.json").read_text(encoding="utf-8"))
    assert {"made by", "speech", "librosa", "numpy"} <= provenance.keys()
