from __future__ import annotations

import numpy as np
import pytest

from edge.dsp.resample import STOP_BAND_DB, resample
from edge.errors import AudioDataError

RATES_HZ = [8000, 11025, 22050, 24414, 32000, 44100, 48000, 96000]


def tone(frequency_hz: float, rate_hz: int) -> np.ndarray:
    return np.sin(2 * np.pi * frequency_hz * np.arange(rate_hz) / rate_hz).astype(np.float32)


def inner(samples: np.ndarray) -> np.ndarray:
    return samples[1000:-1000].astype(float)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("frequency_hz", [50, 1000, 3400])
def test_a_tone_in_the_pass_band_keeps_its_place_and_size(rate_hz: int, frequency_hz: int) -> None:
    found = resample(tone(frequency_hz, rate_hz), rate_in_hz=rate_hz, rate_out_hz=16000)
    expected = tone(frequency_hz, 16000)
    assert len(found) == 16000
    assert 20 * np.log10(np.abs(inner(found) - inner(expected)).max()) < -STOP_BAND_DB + 5


@pytest.mark.parametrize("rate_hz", [22050, 32000, 44100, 48000, 96000])
@pytest.mark.parametrize("above_hz", [0, 500, 2500])
def test_what_would_alias_is_stopped(rate_hz: int, above_hz: int) -> None:
    found = resample(tone(8000 + above_hz, rate_hz), rate_in_hz=rate_hz, rate_out_hz=16000)
    assert 20 * np.log10(np.abs(inner(found)).max() + 1e-12) < -80


def test_images_are_stopped_when_the_rate_rises() -> None:
    found = resample(tone(3000, 8000), rate_in_hz=8000, rate_out_hz=16000)
    spectrum = np.abs(np.fft.rfft(inner(found) * np.hanning(14000)))
    above = spectrum[14000 * 4500 // 16000 :]
    assert 20 * np.log10(above.max() / spectrum.max()) < -80


def test_equal_rates_change_nothing() -> None:
    samples = tone(440, 16000)
    assert resample(samples, rate_in_hz=16000, rate_out_hz=16000) is samples


@pytest.mark.parametrize("n", [0, 1, 2, 100])
def test_very_short_sound(n: int) -> None:
    found = resample(np.ones(n, np.float32), rate_in_hz=48000, rate_out_hz=16000)
    assert len(found) == -(-n // 3)


@pytest.mark.parametrize("rate_hz", [0, 100, 10_000_000])
def test_impossible_rates_are_named(rate_hz: int) -> None:
    with pytest.raises(AudioDataError, match=f"a rate of {rate_hz} Hz, expected 4000 to 384000"):
        resample(np.zeros(10, np.float32), rate_in_hz=rate_hz, rate_out_hz=16000)
