"""What is measured of a recording, on sounds of which it is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edge.errors import AudioDataError
from tests.fakes.surveys import RATE_HZ, noise, tone, write
from trainer.survey.measure import clipped_share, measure, sound_of

recordings = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=64).map(
        lambda s: (s[0], s[1] % 3 + 1)
    ),
    elements=st.floats(-1.5, 1.5, width=32),
)


def test_a_recording_in_numbers(tmp_path: Path) -> None:
    stereo = np.stack([0.5 * tone() + 0.125, tone()], axis=1)
    found = measure(write(tmp_path / "a.wav", stereo))
    assert (found.sample_rate_hz, found.n_channels, found.n_samples) == (RATE_HZ, 2, RATE_HZ)
    assert found.duration_s == 1.0
    assert found.peak == pytest.approx(0.5, abs=1e-3)
    assert found.offset == pytest.approx(0.125, abs=1e-3)
    assert (found.n_not_finite, found.clipped_share, found.cut_off) == (0, 0.0, False)


@pytest.mark.parametrize("ending", ["wav", "flac"])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_same_sound_has_the_same_content_in_any_lossless_file(
    tmp_path: Path, ending: str, n_channels: int
) -> None:
    plain = measure(write(tmp_path / "plain.wav", noise(1)))
    other = np.tile(noise(1)[:, None], n_channels)
    assert measure(write(tmp_path / f"other.{ending}", other)).content == plain.content
    assert measure(write(tmp_path / "next.wav", noise(2))).content != plain.content


def test_negative_zero_is_zero() -> None:
    zeros, negative = np.zeros((9, 1), np.float32), np.full((9, 1), -0.0, np.float32)
    contents = {sound_of(x, sample_rate_hz=8000, cut_off=False).content for x in (zeros, negative)}
    assert len(contents) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file has no bytes"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"no sound at all", "format not recognised"),
    ],
)
def test_what_cannot_be_decoded_has_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(AudioDataError, match=reason):
        measure(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_half_a_wav_is_cut_off_and_half_a_flac_cannot_be_decoded(
    tmp_path: Path, share: float
) -> None:
    for ending in ("wav", "flac"):
        path = write(tmp_path / f"a.{ending}", noise(1))
        path.write_bytes(path.read_bytes()[: round(path.stat().st_size * share)])
    assert measure(tmp_path / "a.wav").cut_off
    with pytest.raises(AudioDataError, match="lost sync"):
        measure(tmp_path / "a.flac")


def test_streamed_wav_that_does_not_know_its_length_is_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", noise(1))
    content = bytearray(path.read_bytes())
    content[4:8] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert not measure(path).cut_off


def test_what_is_not_finite_is_counted_and_left_out_of_the_rest(tmp_path: Path) -> None:
    samples = tone()
    samples[[3, 4, 5]] = np.nan, np.inf, -np.inf
    found = measure(write(tmp_path / "a.wav", samples, subtype="FLOAT"))
    assert found.n_not_finite == 3
    assert found.peak == pytest.approx(0.5, abs=1e-3)


def test_no_sample_at_all_can_be_measured(tmp_path: Path) -> None:
    found = measure(write(tmp_path / "a.wav", tone()[:0]))
    assert (found.n_samples, found.peak, found.offset, found.clipped_share) == (0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("level", [1.0, 0.99, 0.5, 0.3])
@pytest.mark.parametrize("gain", [1.5, 4.0])
def test_clipped_tone_is_found_at_any_level(level: float, gain: float) -> None:
    clipped = level * np.clip(gain * 2 * tone(), -1, 1)
    # Of a sine, this share lies beyond what it is clipped at.
    expected = 1 - 2 / np.pi * np.arcsin(1 / gain)
    assert clipped_share(clipped[:, None]) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    "samples",
    [
        noise(1),
        noise(1, level=0.3),
        1.99 * tone(),
        0.2 * np.clip(8 * tone(), -1, 1),
        0 * tone() + 0.5,
    ],
    ids=["noise", "loud noise", "full-scale tone", "quiet square", "constant"],
)
def test_what_is_not_clipped_is_not_called_so(samples: np.ndarray) -> None:
    assert clipped_share(samples[:, None]) < 0.001


def test_what_lies_beyond_full_scale_is_clipped() -> None:
    assert clipped_share(4 * tone()[:, None]) > 0.5


@given(recordings)
def test_measures_stay_within_their_ranges(frames: np.ndarray) -> None:
    found = sound_of(frames, sample_rate_hz=8000, cut_off=False)
    assert 0 <= found.clipped_share <= 1
    assert 0 <= found.peak <= 3
    assert abs(found.offset) <= 1.5


@given(recordings)
def test_order_of_channels_means_nothing_to_the_share_of_clipping(frames: np.ndarray) -> None:
    assert clipped_share(frames) == clipped_share(frames[:, ::-1])


def test_long_recording_is_read_to_its_end(tmp_path: Path) -> None:
    samples = np.tile(noise(1), 70)
    assert measure(write(tmp_path / "a.flac", samples)).n_samples == len(samples)
    assert soundfile.info(tmp_path / "a.flac").frames == len(samples)
