"""Every block of features against librosa: maxima over all frames, for any sound of any length."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge import dsp
from edge.contract.spec import FeatureSpec
from tests.fakes.signals import nasty
from tests.fakes.specs import BLOCKS, is_local, spec
from tests.support import data_dir, need
from trainer.features import oracle as features
from trainer.features import parity
from trainer.sound import audio

# librosa's word on sounds that are shorter than a frame, or that have no pitch.
pytestmark = [
    pytest.mark.filterwarnings("ignore:n_fft=.* is too large"),
    pytest.mark.filterwarnings("ignore:Trying to estimate tuning"),
]

PADDINGS = ("none", "constant", "reflect")
GRID = list(itertools.product(BLOCKS, PADDINGS))

SPEECH = (
    "ravdess/Actor_01/03-01-05-02-01-01-01.flac",
    "emodb/03a01Wa.flac",
    "tess/OAF_back_fear.ogg",
)

ABSOLUTE = {"logmel": 1e-3, "mfcc": 1e-3, "chroma": 1e-3, "delta": 1e-3, "zcr": 0.0}
"""dB, and what is made of dB or is a fraction of one; everything else is relative."""

RELATIVE = 1e-4  # of the largest; powers below 1e-12 are rounding, 150 dB below any sound

POOLED = {"kind": "pooled", "statistics": ["mean"], "window_s": 3.0}


def spec_of(block: str, padding: str, *, win_length: int = 1024) -> FeatureSpec:
    framing = {
        "n_fft": 1024,
        "win_length": win_length,
        "hop_length": 256,
        "window": "hann",
        "padding": padding,
    }
    return spec(blocks=[BLOCKS[block]], framing=framing, layout=POOLED)


def check(samples: np.ndarray, made: FeatureSpec) -> None:
    found = dsp.frames_of(samples, made)
    if made.framing.padding == "none" and len(samples) < made.framing.n_fft:
        assert found.shape == (0, made.n_features)
        return
    expected = features.frames_of(samples, made)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype == np.float32
    block = made.blocks[0]
    columns = expected.T if block.kind == "pitch" else [expected]
    for want, have in zip(columns, found.T if block.kind == "pitch" else [found], strict=True):
        largest = np.abs(want.astype(np.float64) - have).max(initial=0.0)
        bound = ABSOLUTE.get(block.kind, RELATIVE * np.abs(want).max(initial=0.0) + 1e-12)
        if block.kind == "contrast" and not block.linear:
            bound = 1e-3
        assert largest <= bound, f"off by {largest:.2g}, at most {bound:.2g}"


@pytest.mark.parametrize(("block", "padding"), GRID)
def test_nasty_sounds(block: str, padding: str) -> None:
    made = spec_of(block, padding)
    for samples in nasty().values():
        check(samples, made)


@pytest.fixture(scope="module")
def speech() -> list[np.ndarray]:
    need((data_dir() / SPEECH[0]).is_file(), "speech of several corpora")
    return [audio.load(data_dir() / name, sample_rate_hz=16000)[:40_000] for name in SPEECH]


@pytest.mark.parametrize(("block", "padding"), GRID)
def test_real_speech(block: str, padding: str, speech: list[np.ndarray]) -> None:
    made = spec_of(block, padding, win_length=800)
    for samples in speech:
        check(samples, made)


@pytest.mark.parametrize(("block", "padding"), GRID)
@given(
    n=st.integers(1, 5000),
    seed=st.integers(0, 2**32 - 1),
    level=st.sampled_from([1e-6, 1e-3, 0.1, 1.0]),
)
@settings(max_examples=12)
def test_any_length_from_one_sample(
    block: str, padding: str, n: int, seed: int, level: float
) -> None:
    noise = np.random.default_rng(seed).normal(0, level, n)
    check(np.clip(noise, -1, 1).astype(np.float32), spec_of(block, padding))


@pytest.mark.parametrize("n", [1, 2, 3, 511, 512, 513, 1023, 1024, 1025])
def test_the_shortest_sounds(n: int) -> None:
    for block, padding in GRID:
        check(np.full(n, 0.25, np.float32), spec_of(block, padding))


@pytest.mark.parametrize("padding", PADDINGS)
def test_the_gate_of_export_lets_every_block_pass(padding: str) -> None:
    made = spec(blocks=list(BLOCKS.values()), framing=spec_of("rms", padding).to_dict()["framing"])
    differences = parity.front_end(made, nasty())
    parity.refuse(differences)
    assert {found.signal for found in differences} == nasty().keys()


def test_the_gate_of_export_streams_what_is_frame_local() -> None:
    made = spec(blocks=[block for block in BLOCKS.values() if is_local(block)])
    differences = parity.front_end(made, nasty())
    parity.refuse(differences)
    assert any("stream" in found.what for found in differences)


CLASSIC: dict[str, Any] = {
    "sample_rate_hz": 22050,
    "framing": {
        "n_fft": 2048,
        "win_length": 2048,
        "hop_length": 512,
        "window": "hann",
        "padding": "constant",
    },
    "blocks": [
        BLOCKS["mfcc"]
        | {
            "n_mfcc": 40,
            "mel": {
                "n_mels": 128,
                "fmin_hz": 0.0,
                "fmax_hz": 11025.0,
                "scale": "slaney",
                "norm": "slaney",
            },
            "decibel": {"amin": 1e-10, "ref": "one", "top_db": 80.0},
        },
        BLOCKS["chroma of magnitudes, tuned"],
        {
            "kind": "mel",
            "mel": {
                "n_mels": 128,
                "fmin_hz": 0.0,
                "fmax_hz": 11025.0,
                "scale": "slaney",
                "norm": "slaney",
            },
        },
    ],
    "layout": POOLED,
    "norm": {"kind": "none"},
}


def test_the_classic_180_numbers(speech: list[np.ndarray]) -> None:
    made = FeatureSpec.from_dict(CLASSIC)
    assert made.shape == (180,)
    for samples in speech:
        expected, found = features.extract(samples, made), dsp.extract(samples, made)
        np.testing.assert_allclose(found[:52], expected[:52], atol=1e-3)
        np.testing.assert_allclose(found[52:], expected[52:], atol=1e-4 * expected[52:].max())


@pytest.mark.parametrize(
    "norm",
    [
        {"kind": "subtract_max", "maximum": "value"},
        {"kind": "subtract_max", "maximum": "magnitude"},
        {"kind": "running_standard", "n_frames": 20, "floor": 0.1},
        {"kind": "window_standard", "over": "time", "floor": 0.1},
    ],
)
@pytest.mark.parametrize(
    "layout",
    [
        {"kind": "image", "n_frames": 60},
        {"kind": "pooled", "statistics": ["mean", "std", "min", "max", "p50", "p12.5"]}
        | {"window_s": 1.0},
    ],
    ids=["image", "pooled"],
)
def test_norms_and_layouts(norm: dict, layout: dict) -> None:
    made = spec(blocks=[BLOCKS["mfcc"], BLOCKS["chroma"]], norm=norm, layout=layout)
    for n in (4_000, 15_262, 30_000):
        samples = np.random.default_rng(n).normal(0, 0.1, n).astype(np.float32)
        expected, found = features.extract(samples, made), dsp.extract(samples, made)
        assert found.shape == expected.shape == made.shape
        assert found.dtype == expected.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-3)
