"""Affine quantisation of tensors: rounded and clipped, in one place for device and trainer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.contract.manifest import TensorInfo


def quantize(values: NDArray[np.float32], tensor: TensorInfo) -> NDArray[np.generic]:
    """Return ``round(values / scale) + zero_point``, clipped to the tensor's type.

    Rounds half to even, as TFLite's reference kernels are fed by its own Python examples; a bare
    ``astype`` would truncate and wrap.
    """
    if tensor.dtype == "float32":
        return np.ascontiguousarray(values, np.float32)
    limits = np.iinfo(tensor.dtype)
    steps = np.rint(values / np.float32(tensor.scale)) + tensor.zero_point
    return np.clip(steps, limits.min, limits.max).astype(tensor.dtype)


def dequantize(steps: NDArray[np.generic], tensor: TensorInfo) -> NDArray[np.float32]:
    """Return ``(steps - zero_point) * scale``; inverse of `quantize` up to half a step."""
    if tensor.dtype == "float32":
        return np.asarray(steps, np.float32)
    return (steps.astype(np.float32) - tensor.zero_point) * np.float32(tensor.scale)
