"""Recordings come in as the device would hear them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge.dsp import resample
from edge.errors import AudioDataError, NoInputError
from trainer.sound import audio


def test_channels_are_averaged_and_the_rate_is_the_model_s(tmp_path: Path) -> None:
    t = np.arange(48000) / 48000
    left, right = 0.5 * np.sin(2 * np.pi * 440 * t), 0.1 * np.sin(2 * np.pi * 440 * t)
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([left, right], axis=1), 48000, subtype="FLOAT")

    found = audio.load(path, sample_rate_hz=16000)

    mono = ((left + right) / 2).astype(np.float32)
    expected = resample.resample(mono, rate_in_hz=48000, rate_out_hz=16000)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("samples", "message"),
    [(np.zeros(0), "is empty"), (np.array([0.1, np.nan]), "not finite")],
)
def test_impossible_recordings_are_refused(
    samples: np.ndarray, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.wav"
    soundfile.write(path, samples, 16000, subtype="FLOAT")
    with pytest.raises(AudioDataError, match=message):
        audio.load(path, sample_rate_hz=16000)


def test_missing_and_torn_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match=r"absent\.wav does not exist"):
        audio.load(tmp_path / "absent.wav", sample_rate_hz=16000)
    torn = tmp_path / "torn.flac"
    torn.write_bytes(b"fLaC")
    with pytest.raises(AudioDataError, match=r"torn\.flac cannot be decoded"):
        audio.load(torn, sample_rate_hz=16000)


@pytest.mark.parametrize(("peak_dbfs", "silent"), [(-71.0, True), (-69.0, False)])
def test_silence_is_below_its_bound(peak_dbfs: float, silent: bool) -> None:
    samples = np.full(10, 10.0 ** (peak_dbfs / 20.0), np.float32)
    if not silent:
        audio.refuse_silence(samples, Path("a.wav"))
        return
    with pytest.raises(AudioDataError, match=r"a\.wav is silent"):
        audio.refuse_silence(samples, Path("a.wav"))


def test_bytes_are_as_good_as_the_file_that_held_them(tmp_path: Path) -> None:
    path = tmp_path / "far.flac"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(4800), 48000)
    data, here = path.read_bytes(), audio.load(path, sample_rate_hz=16000)
    path.unlink()
    np.testing.assert_array_equal(audio.load(path, sample_rate_hz=16000, data=data), here)
    with pytest.raises(AudioDataError, match=r"far\.flac cannot be decoded"):
        audio.load(path, sample_rate_hz=16000, data=b"fLaC")
