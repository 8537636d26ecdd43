"""Desktop and device see the same: maxima over all frames, on real speech and on nasty sounds."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from edge import dsp
from edge.contract.spec import FeatureSpec, Image, WindowMax, WindowStandard
from edge.stream.frontend import StreamedFeatures
from tests.fakes.specs import logmel_table, spec, spec_table
from tests.support import data_dir, need
from trainer import recipe
from trainer.features import oracle as features
from trainer.features import parity
from trainer.features.parity import Difference, ParityError
from trainer.sound import audio

MEL = logmel_table()["mel"]
DECIBEL = logmel_table()["decibel"]
WHOLE_CLIP = {"amin": 1e-10, "ref": "max", "top_db": 80.0}
MFCC = {"kind": "mfcc", "n_mfcc": 40, "lifter": 0, "mel": MEL, "decibel": DECIBEL}
CENTRED = spec_table()["framing"] | {"padding": "reflect", "n_fft": 1024, "win_length": 800}
HTK = MEL | {"scale": "htk", "norm": "none", "n_mels": 40}

SPECS: dict[str, dict[str, Any]] = {
    "log-mel": {},
    "log-mel, HTK, window shorter than the FFT": {
        "blocks": [logmel_table(mel=HTK)],
        "framing": spec_table()["framing"] | {"win_length": 400},
    },
    "MFCC": {"blocks": [MFCC]},
    "MFCC, liftered, of the whole clip, centred": {
        "blocks": [MFCC | {"lifter": 22, "decibel": WHOLE_CLIP}],
        "framing": CENTRED,
    },
    "log-mel of the whole clip, centred": {
        "blocks": [logmel_table(decibel=WHOLE_CLIP)],
        "framing": CENTRED | {"padding": "constant"},
    },
    "mel": {"blocks": [{"kind": "mel", "mel": MEL}]},
    "mel, log-mel and MFCC": {"blocks": [{"kind": "mel", "mel": MEL}, logmel_table(), MFCC]},
}

SPEECH = (
    "ravdess/Actor_01/03-01-05-02-01-01-01.flac",
    "ravdess/Actor_02/03-01-02-01-02-02-02.flac",
    "emodb/03a01Wa.flac",
    "tess/OAF_back_fear.ogg",
    "nemo/EB0_anger_1.ogg",
)


@pytest.fixture(scope="module")
def speech() -> dict[str, np.ndarray]:
    need((data_dir() / SPEECH[0]).is_file(), "speech of several corpora")
    return {name: audio.load(data_dir() / name, sample_rate_hz=16000) for name in SPEECH}


@pytest.mark.parametrize("name", sorted(SPECS))
def test_front_ends_agree_on_real_speech(name: str, speech: dict[str, np.ndarray]) -> None:
    differences = parity.front_end(spec(**SPECS[name]), speech)
    parity.refuse(differences)
    assert {found.signal for found in differences} == speech.keys()


@pytest.mark.parametrize("name", sorted(SPECS))
def test_front_ends_agree_on_nasty_sounds(name: str) -> None:
    signals = parity.nasty_signals(sample_rate_hz=16000, n_samples=40_001)
    differences = parity.front_end(spec(**SPECS[name]), signals)
    parity.refuse(differences)
    assert {found.signal for found in differences} == signals.keys()


@pytest.mark.parametrize("name", recipe.names())
def test_front_ends_agree_for_every_recipe(name: str, speech: dict[str, np.ndarray]) -> None:
    differences = parity.front_end(recipe.load(name).features, speech)
    parity.refuse(differences)
    assert {found.signal for found in differences} == speech.keys()


@pytest.mark.parametrize(
    "change",
    [
        {"framing": spec_table()["framing"] | {"win_length": 511}},
        {"blocks": [logmel_table(mel=MEL | {"fmin_hz": 51.0})]},
        {"blocks": [logmel_table(mel=MEL | {"scale": "htk"})]},
        {"blocks": [logmel_table(decibel=DECIBEL | {"amin": 1e-5})]},
    ],
    ids=["window", "fmin", "scale", "floor"],
)
def test_a_front_end_of_other_numbers_would_be_noticed(
    change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison is not blind: the edge computes by a spec that is off in one number."""
    wrong, edge_frames_of = spec(**change), dsp.frames_of
    monkeypatch.setattr(dsp, "frames_of", lambda samples, _: edge_frames_of(samples, wrong))
    signals = parity.nasty_signals(sample_rate_hz=16000, n_samples=16000)
    with pytest.raises(ParityError, match="librosa and edge of"):
        parity.refuse(parity.front_end(spec(), signals))


@pytest.mark.parametrize(
    "norm",
    [
        WindowMax(kind="window_max", range_db=80.0),
        WindowStandard(kind="window_standard", over="all", floor=1.0),
        WindowStandard(kind="window_standard", over="time", floor=1.0),
    ],
    ids=["max", "standard", "standard over time"],
)
@pytest.mark.parametrize("n_samples", [3_000, 48_262, 60_000])
def test_windows_agree_after_every_norm(norm: Any, n_samples: int) -> None:
    windowed = dataclasses.replace(spec(), norm=norm)
    rng = np.random.default_rng(4)
    samples = (0.1 * rng.standard_normal(n_samples)).astype(np.float32)
    expected, found = features.extract(samples, windowed), dsp.extract(samples, windowed)
    assert expected.shape == found.shape == windowed.shape
    assert expected.dtype == found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("statistics", [["mean"], ["mean", "std", "min", "max"]])
def test_pooled_features_agree(statistics: list[str], speech: dict[str, np.ndarray]) -> None:
    layout = {"kind": "pooled", "statistics": statistics, "window_s": 3.0}
    pooled = spec(blocks=[MFCC], framing=CENTRED, layout=layout)
    for samples in speech.values():
        expected, found = features.extract(samples, pooled), dsp.extract(samples, pooled)
        assert expected.shape == found.shape == pooled.shape
        np.testing.assert_allclose(found, expected, atol=parity.MFCC_BOUND)


def test_streamed_windows_are_those_of_librosa(speech: dict[str, np.ndarray]) -> None:
    image = FeatureSpec.from_dict(spec_table(layout={"kind": "image", "n_frames": 40}))
    assert isinstance(image.layout, Image)
    for samples in speech.values():
        stream = StreamedFeatures(image)
        hop = 10 * image.framing.hop_length
        for start in range(0, len(samples) - image.window_length - hop, hop):
            stream.push(samples[start : start + hop])
            if start >= image.window_length:
                begin = start + hop - image.window_length
                begin -= begin % image.framing.hop_length
                expected = features.extract(samples[begin : begin + image.window_length], image)
                largest = np.abs(stream.read(begin) - expected).max()
                assert largest <= parity.LOG_MEL_BOUND_DB


def test_refusal_names_the_worst_difference() -> None:
    differences = [
        Difference(signal="noise", what="logmel", largest=2e-3, bound=1e-3),
        Difference(signal="DC", what="logits", largest=0.5, bound=1e-3),
        Difference(signal="tone", what="logmel", largest=0.0, bound=1e-3),
    ]
    with pytest.raises(ParityError, match=r"logits of 'DC' differ by 0\.5 .*\(2 such"):
        parity.refuse(differences)
    assert parity.table(differences).count("TOO MUCH") == 2
