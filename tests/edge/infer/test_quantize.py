from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract.manifest import TensorInfo
from edge.infer.quantize import dequantize, quantize


def tensor(dtype: str, *, scale: float = 0.5, zero_point: int = 0) -> TensorInfo:
    return TensorInfo(shape=(1, 3), dtype=dtype, scale=scale, zero_point=zero_point)


@pytest.mark.parametrize(
    ("dtype", "zero_point", "values", "expected"),
    [
        ("int8", 0, [0.0, 0.74, -0.76], [0, 1, -2]),
        ("int8", 3, [0.25, 0.75, -0.25], [3, 5, 3]),
        ("int8", 0, [1000.0, -1000.0, 63.5], [127, -128, 127]),
        ("uint8", 128, [-1000.0, 1000.0, -64.0], [0, 255, 0]),
    ],
)
def test_rounded_and_clipped(
    dtype: str, zero_point: int, values: list[float], expected: list[int]
) -> None:
    found = quantize(np.array(values, np.float32), tensor(dtype, zero_point=zero_point))
    assert found.dtype == np.dtype(dtype)
    assert found.tolist() == expected


@given(
    st.lists(st.floats(-50, 50, width=32), min_size=1),
    st.sampled_from(["int8", "uint8"]),
)
def test_the_round_trip_is_within_half_a_step(values: list[float], dtype: str) -> None:
    info = tensor(dtype, scale=0.5, zero_point=0 if dtype == "int8" else 128)
    samples = np.array(values, np.float32)
    assert np.abs(dequantize(quantize(samples, info), info) - samples).max() <= 0.25


def test_float_passes_through() -> None:
    values = np.array([1.25, -3.0], np.float32)
    info = tensor("float32", scale=0.0)
    np.testing.assert_array_equal(dequantize(quantize(values, info), info), values)
