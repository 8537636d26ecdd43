from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.dsp.level import SILENCE_DBFS, rms_dbfs
from edge.dsp.pcm import decode, encode_s16


@pytest.mark.parametrize(
    ("sample_format", "raw", "expected"),
    [
        ("s16", "00800000ff7f", [-1.0, 0.0, 32767 / 32768]),
        ("s24", "000080000000ffff7f", [-1.0, 0.0, 8388607 / 8388608]),
        ("s32", "0000008000000000", [-1.0, 0.0]),
        ("f32", "000080bf0000003f", [-1.0, 0.5]),
    ],
)
def test_decode(sample_format: str, raw: str, expected: list[float]) -> None:
    found = decode(bytes.fromhex(raw), sample_format=sample_format, n_channels=1)
    np.testing.assert_array_equal(found, np.array(expected, np.float32))
    assert found.dtype == np.float32


def test_channels_are_averaged_and_a_part_of_a_frame_is_dropped() -> None:
    raw = np.array([100, 300, -100, 100, 7], "<i2").tobytes()
    found = decode(raw, sample_format="s16", n_channels=2)
    np.testing.assert_allclose(found * 32768, [200, 0])


@given(st.lists(st.integers(-32768, 32767)))
def test_sixteen_bits_survive_the_round_trip(values: list[int]) -> None:
    raw = np.array(values, "<i2").tobytes()
    assert encode_s16(decode(raw, sample_format="s16", n_channels=1)) == raw


def test_encoding_clips() -> None:
    assert encode_s16(np.array([2.0, -2.0], np.float32)) == bytes.fromhex("ff7f0080")


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([], SILENCE_DBFS),
        ([0.0, 0.0], SILENCE_DBFS),
        ([1.0, -1.0], 0.0),
        ([0.1, -0.1], -20.0),
        ([1e-9], SILENCE_DBFS),
    ],
)
def test_level(samples: list[float], expected: float) -> None:
    assert rms_dbfs(np.array(samples, np.float32)) == pytest.approx(expected, abs=1e-4)
