"""What features mean, beside what librosa says of them."""

from __future__ import annotations

import numpy as np
import pytest

from edge.dsp import extract, frames_of, normalise
from edge.dsp.chroma import chroma_filterbank, estimate_tuning
from edge.dsp.delta import delta, fit_weights
from edge.dsp.pitch import best_lag, normalised_difference
from edge.dsp.temporal import signs
from tests.fakes.specs import BLOCKS, spec, spec_table

RATE_HZ = 16000
FRAMING = spec_table()["framing"] | {"n_fft": 2048, "win_length": 2048}


def frames(block: str, samples: np.ndarray, **changes: float) -> np.ndarray:
    return frames_of(samples, spec(blocks=[BLOCKS[block] | changes], framing=FRAMING))


def tone(frequency_hz: float, n: int = RATE_HZ) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(n) / RATE_HZ)).astype(np.float32)


def noise(n: int = RATE_HZ) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, n).astype(np.float32)


@pytest.mark.parametrize(("note", "frequency_hz"), [(0, 523.25), (9, 440.0), (4, 1318.5)])
def test_a_tone_has_its_pitch_class(note: int, frequency_hz: float) -> None:
    found = frames("chroma", tone(frequency_hz))
    assert set(found.argmax(axis=1)) == {note}
    assert found.max() == 1.0


def test_an_octave_keeps_the_pitch_class() -> None:
    assert set(frames("chroma", tone(1760.0)).argmax(axis=1)) == {9}


@pytest.mark.parametrize("cents", [-40, -10, 0, 25])
def test_the_tuning_of_a_detuned_tone_is_found(cents: int) -> None:
    samples = tone(440.0 * 2 ** (cents / 1200), 4 * RATE_HZ)
    spectrum = np.abs(np.fft.rfft(samples[:8192] * np.hanning(8192)))[None].astype(np.float32)
    found = estimate_tuning(spectrum, sample_rate_hz=RATE_HZ, n_fft=8192, bins_per_octave=12)
    assert found == pytest.approx(cents / 100, abs=0.02)


def test_silence_has_no_tuning() -> None:
    silence = np.zeros((3, 513), np.float32)
    assert estimate_tuning(silence, sample_rate_hz=RATE_HZ, n_fft=1024, bins_per_octave=12) == 0.0


def test_the_chroma_bank_covers_every_bin() -> None:
    bank = chroma_filterbank(n_chroma=12, tuning=0.0, sample_rate_hz=22050, n_fft=2048)
    assert bank.shape == (12, 1025)
    assert (bank.max(axis=0) > 0).all()


@pytest.mark.parametrize("frequency_hz", [250.0, 1000.0, 5000.0])
def test_a_tone_is_its_own_centroid_and_has_no_width(frequency_hz: float) -> None:
    assert frames("centroid", tone(frequency_hz)) == pytest.approx(frequency_hz, rel=0.01)
    assert frames("bandwidth", tone(frequency_hz)).max() < 25
    assert frames("rolloff", tone(frequency_hz)) == pytest.approx(frequency_hz, abs=16)


def test_noise_is_flat_and_a_tone_is_not() -> None:
    assert frames("flatness", noise()).min() > 0.4
    assert frames("flatness", tone(1000.0)).max() < 1e-6


def test_contrast_is_high_where_a_tone_stands_out() -> None:
    found = frames("contrast, linear", tone(1000.0)).mean(axis=0)
    assert found.argmax() == 3  # 800 to 1600 Hz


def test_rms_and_crossings_of_a_tone() -> None:
    assert frames("rms", tone(1000.0)) == pytest.approx(0.5 / np.sqrt(2), rel=1e-3)
    assert frames("zcr", tone(1000.0)) == pytest.approx(2 * 1000 / RATE_HZ, abs=1 / 2048)


@pytest.mark.parametrize(
    ("zero_pos", "crossings"),
    [(True, [False, True, True, True]), (False, [True, True, True, True])],
)
def test_what_counts_as_a_crossing(zero_pos: bool, crossings: list[bool]) -> None:
    sign = signs(np.array([0.5, 1e-4, -0.5, -1e-4, -0.5]), threshold=1e-3, zero_pos=zero_pos)
    assert (sign[1:] != sign[:-1]).tolist() == crossings


@pytest.mark.parametrize("f0_hz", [100.0, 123.4, 220.0, 440.0])
def test_pitch_of_a_voice(f0_hz: float) -> None:
    voice = sum(tone(k * f0_hz) / k for k in range(1, 6)).astype(np.float32)
    found = frames("pitch", voice)
    assert found[:, 0] == pytest.approx(f0_hz, rel=2e-3)
    assert found[:, 1].max() < 0.05


@pytest.mark.parametrize("samples", [noise(), np.zeros(RATE_HZ, np.float32)])
def test_noise_and_silence_are_unvoiced(samples: np.ndarray) -> None:
    found = frames("pitch", samples)
    assert not found[:, 0].any()
    assert found[:, 1].min() > 0.2


def test_what_is_too_quiet_is_unvoiced() -> None:
    assert frames("pitch", tone(200.0) * 1e-2, voicing_rms=0.0)[:, 0].all()
    assert not frames("pitch", tone(200.0) * 1e-2, voicing_rms=0.1)[:, 0].any()


def test_the_difference_function_is_zero_at_the_period() -> None:
    difference = normalised_difference(tone(200.0)[None, :1024], shortest=20, longest=200)
    assert difference.shape == (1, 181)
    assert 20 + best_lag(difference, threshold=0.1)[0] == 80


def test_deltas_are_slopes_and_curvatures() -> None:
    ramp = (3.0 * np.arange(30, dtype=np.float32))[:, None]
    made = spec(blocks=[BLOCKS["delta"], BLOCKS["delta of delta"]])
    first, second = made.blocks
    np.testing.assert_allclose(delta(ramp, first), 3.0, atol=1e-5)
    np.testing.assert_allclose(delta(ramp, second), 0.0, atol=1e-4)
    np.testing.assert_allclose(delta(ramp**2 / 9, second), 2.0, atol=1e-3)


@pytest.mark.parametrize("order", [1, 2])
def test_the_weights_of_a_fit_ignore_constants(order: int) -> None:
    weights = fit_weights(width=9, order=order)
    assert weights.sum() == pytest.approx(0.0, abs=1e-12)
    assert weights @ np.arange(9.0) ** order == pytest.approx(order)


def test_a_shift_by_a_hop_is_a_shift_by_a_frame_for_every_local_block() -> None:
    local = [block for name, block in BLOCKS.items() if spec(blocks=[block]).frame_local]
    made = spec(blocks=local)
    samples = noise()
    np.testing.assert_array_equal(
        frames_of(samples[250:], made)[:30], frames_of(samples, made)[1:31]
    )


def test_parseval_between_samples_and_spectrum() -> None:
    # The flat window of one frame: mean square of the samples is that of the spectrum.
    samples = noise(2048)
    spectrum = np.fft.rfft(samples.astype(float))
    power = (2 * np.abs(spectrum) ** 2).sum() - np.abs(spectrum[[0, -1]] ** 2).sum()
    assert frames("rms", samples)[0, 0] ** 2 == pytest.approx(power / 2048**2, rel=1e-6)


def test_pooled_percentiles() -> None:
    layout = {"kind": "pooled", "statistics": ["p50", "p0", "p100"], "window_s": 1.0}
    pooled = spec(blocks=[BLOCKS["centroid"]], layout=layout)
    frame = frames_of(noise(), pooled)
    expected = [np.median(frame), frame.min(), frame.max()]
    np.testing.assert_allclose(extract(noise(), pooled), expected, rtol=1e-6)


@pytest.mark.parametrize(("maximum", "peak"), [("value", 2.0), ("magnitude", 5.0)])
def test_subtract_the_maximum(maximum: str, peak: float) -> None:
    norm = spec(norm={"kind": "subtract_max", "maximum": maximum}).norm
    features = np.array([[2.0, -5.0], [0.0, 1.0]], np.float32)
    np.testing.assert_array_equal(normalise(features, norm), peak - features)


def test_a_running_norm_centres_what_stays_and_adapts_to_what_changes() -> None:
    norm = spec(norm={"kind": "running_standard", "n_frames": 100, "floor": 0.01}).norm
    rng = np.random.default_rng(0)
    features = rng.normal(5.0, 2.0, (3000, 4)).astype(np.float32)
    features[1500:] += 20
    found = normalise(features, norm)
    assert found[500:1500].mean() == pytest.approx(0.0, abs=0.1)
    assert found[500:1500].std() == pytest.approx(1.0, abs=0.15)
    assert found[2200:].mean() == pytest.approx(0.0, abs=0.1)
    assert found[0].tolist() == [0.0] * 4
