from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.contract.spec import MelBank
from edge.dsp.mel import hz_to_mel, mel_edges_hz, mel_filterbank, mel_to_hz

BANK = MelBank(n_mels=40, fmin_hz=50.0, fmax_hz=7600.0, scale="slaney", norm="slaney")


@pytest.mark.parametrize(
    ("scale", "hz", "mels"),
    [
        # By hand: 3 f / 200 below 1 kHz, 15 + 27 log(f / 1000) / log(6.4) above.
        ("slaney", [0, 200, 1000, 6400], [0, 3, 15, 42]),
        # 2595 log10(1 + f / 700)
        ("htk", [0, 700, 6300], [0, 2595 * np.log10(2), 2595]),
    ],
)
def test_the_mel_scale(scale: str, hz: list[float], mels: list[float]) -> None:
    np.testing.assert_allclose(hz_to_mel(np.array(hz, float), scale=scale), mels, atol=1e-9)
    np.testing.assert_allclose(mel_to_hz(np.array(mels, float), scale=scale), hz, atol=1e-6)


@pytest.mark.parametrize("scale", ["slaney", "htk"])
def test_each_filter_peaks_at_its_centre(scale: str) -> None:
    bank = replace(BANK, scale=scale)
    weights = mel_filterbank(bank, sample_rate_hz=16000, n_fft=4096)
    peaks_hz = weights.argmax(axis=1) * 16000 / 4096
    np.testing.assert_allclose(peaks_hz, mel_edges_hz(bank)[1:-1], atol=16000 / 4096)


def test_weights_are_non_negative_and_slaney_filters_have_unit_area() -> None:
    weights = mel_filterbank(BANK, sample_rate_hz=16000, n_fft=8192)
    assert weights.min() == 0.0
    np.testing.assert_allclose(weights.sum(axis=1) * 16000 / 8192, 1.0, rtol=0.02)


def test_without_norm_the_triangles_add_up_to_one() -> None:
    weights = mel_filterbank(replace(BANK, norm="none"), sample_rate_hz=16000, n_fft=1024)
    edges_hz = mel_edges_hz(BANK)
    bins_hz = np.arange(513) * 16000 / 1024
    inside = (bins_hz > edges_hz[1]) & (bins_hz < edges_hz[-2])
    np.testing.assert_allclose(weights.sum(axis=0)[inside], 1.0, atol=1e-5)
