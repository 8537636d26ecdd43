from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.dsp import extract, frames_of
from edge.dsp.cepstrum import dct_matrix, lifter_weights, power_to_db
from edge.dsp.framing import analysis_window, n_frames_in
from edge.dsp.mel import mel_edges_hz
from edge.dsp.normalise import normalise
from edge.errors import AudioDataError
from tests.fakes.specs import logmel_table, spec, spec_table

RATE_HZ = 16000


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, n).astype(np.float32)


def tone(frequency_hz: float, n: int = RATE_HZ) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(n) / RATE_HZ)).astype(np.float32)


@given(st.integers(0, 3000))
@settings(deadline=None)
def test_the_number_of_frames(n_samples: int) -> None:
    frames = frames_of(noise(n_samples), spec())
    expected = max(0, (n_samples - 512) // 250 + 1)
    assert frames.shape == (expected, 64)
    assert n_frames_in(n_samples, spec().framing) == expected
    assert frames.dtype == np.float32


@pytest.mark.parametrize("band", [5, 20, 40, 60])
def test_a_tone_lies_in_its_band(band: int) -> None:
    centre_hz = mel_edges_hz(spec().blocks[0].mel)[1 + band]
    frames = frames_of(tone(centre_hz), spec())
    assert set(frames.argmax(axis=1)) <= {band - 1, band, band + 1}


def test_a_shift_by_a_hop_is_a_shift_by_a_frame() -> None:
    samples = noise(RATE_HZ)
    np.testing.assert_array_equal(
        frames_of(samples[250:], spec())[:30], frames_of(samples, spec())[1:31]
    )


def test_twice_the_amplitude_is_six_decibels_more() -> None:
    samples = noise(RATE_HZ)
    louder = frames_of(2 * samples, spec()) - frames_of(samples, spec())
    np.testing.assert_allclose(louder, 20 * np.log10(2), atol=1e-4)


def test_silence_lies_at_the_floor() -> None:
    frames = frames_of(np.zeros(RATE_HZ, np.float32), spec())
    np.testing.assert_allclose(frames, -100.0, atol=1e-4)


def test_a_frames_numbers_do_not_depend_on_its_neighbours() -> None:
    samples = noise(5 * RATE_HZ)
    samples[: 2 * RATE_HZ] *= 100
    inside, alone = frames_of(samples, spec()), frames_of(samples[64 * 250 * 3 :], spec())
    np.testing.assert_array_equal(inside[64 * 3 : 64 * 3 + 50], alone[:50])


def test_the_analysis_window_is_periodic_and_centred() -> None:
    framing = spec(framing=spec_table()["framing"] | {"win_length": 400}).framing
    window = analysis_window(framing)
    assert len(window) == 512
    assert window[256] == pytest.approx(1.0)
    np.testing.assert_array_equal(window[:57], 0.0)
    assert window[57:455].min() > 0.0


def test_parseval() -> None:
    # The mean power of white noise survives the window and the transform.
    table = spec_table(blocks=[{"kind": "mel", "mel": logmel_table()["mel"] | {"norm": "none"}}])
    power = frames_of(noise(20 * RATE_HZ), spec(blocks=table["blocks"]))
    window_power = np.square(analysis_window(spec().framing)).sum()
    edges_hz = mel_edges_hz(spec().blocks[0].mel)
    n_bins = (edges_hz[-2] - edges_hz[1]) / (RATE_HZ / 512)
    # Triangles add up to one between the centres of the first and the last band, and fall outside.
    flanks = (edges_hz[1] - edges_hz[0] + edges_hz[-1] - edges_hz[-2]) / 2 / (RATE_HZ / 512)
    expected = 0.01 * window_power * (n_bins + flanks)
    assert power.sum(axis=1).mean() == pytest.approx(expected, rel=0.02)


def test_the_dct_is_orthonormal() -> None:
    matrix = dct_matrix(n_mels=40, n_mfcc=40).astype(float)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(40), atol=1e-6)


def test_a_lifter_of_zero_changes_nothing() -> None:
    np.testing.assert_array_equal(lifter_weights(n_mfcc=13, lifter=0), 1.0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [-100.0, 0.0, 10.0]),
        ({"ref": "max"}, [-110.0, -10.0, 0.0]),
        ({"top_db": 40.0}, [-30.0, 0.0, 10.0]),
        ({"ref": "max", "top_db": 40.0}, [-40.0, -10.0, 0.0]),
    ],
)
def test_power_to_db(changes: dict, expected: list[float]) -> None:
    decibel = spec(
        blocks=[logmel_table(decibel={"amin": 1e-10, "ref": "one", "top_db": None} | changes)]
    )
    power = np.array([[0.0, 1.0, 10.0]], np.float32)
    found = power_to_db(power, decibel.blocks[0].decibel)
    np.testing.assert_allclose(found[0], expected, atol=1e-4)


def test_short_sound_is_followed_by_silence_and_long_sound_is_cut() -> None:
    samples = noise(2 * spec().window_length)
    short = extract(samples[:10000], spec())
    assert short.shape == (192, 64)
    np.testing.assert_allclose(short[45:], -100.0, atol=1e-4)
    np.testing.assert_array_equal(
        extract(samples, spec()), extract(samples[: spec().window_length], spec())
    )


def test_pooling() -> None:
    pooled = spec(layout={"kind": "pooled", "statistics": ["mean", "std", "max"], "window_s": 3.0})
    samples = noise(RATE_HZ)
    frames = frames_of(samples, pooled)
    expected = np.concatenate([frames.mean(axis=0), frames.std(axis=0), frames.max(axis=0)])
    np.testing.assert_allclose(extract(samples, pooled), expected, atol=1e-5)


def test_window_max_takes_the_gain_out() -> None:
    norm = spec(norm={"kind": "window_max", "range_db": 80.0}).norm
    frames = frames_of(noise(RATE_HZ), spec())
    np.testing.assert_allclose(normalise(frames + 20, norm), normalise(frames, norm), atol=1e-5)
    assert normalise(frames, norm).max() == 1.0
    assert normalise(np.full((3, 3), -100, np.float32), norm).min() == 1.0


@pytest.mark.parametrize("over", ["all", "time"])
def test_window_standard(over: str) -> None:
    norm = spec(norm={"kind": "window_standard", "over": over, "floor": 1.0}).norm
    frames = frames_of(noise(RATE_HZ), spec())
    axis = 0 if over == "time" else None
    np.testing.assert_allclose(normalise(frames, norm).mean(axis=axis), 0.0, atol=1e-4)
    np.testing.assert_allclose(normalise(frames, norm).std(axis=axis), 1.0, atol=1e-4)
    constant = normalise(np.full((3, 3), -100, np.float32), norm)
    np.testing.assert_array_equal(constant, 0.0)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(1000, np.int16), "the sound is int16 of shape .1000,., expected float32"),
        (np.zeros((1000, 2), np.float32), r"shape \(1000, 2\)"),
        ([0.0], "the sound is list"),
        (np.array([0, np.nan], np.float32), "sample 1 is nan, expected a finite number"),
        (np.array([np.inf], np.float32), "sample 0 is inf"),
    ],
)
def test_wrong_samples_are_named(samples: object, message: str) -> None:
    with pytest.raises(AudioDataError, match=message):
        extract(samples, spec())


def test_too_short_for_a_frame() -> None:
    pooled = spec(layout={"kind": "pooled", "statistics": ["mean"], "window_s": 3.0})
    with pytest.raises(AudioDataError, match="has 511 samples, expected at least one frame of 512"):
        extract(noise(511), pooled)
