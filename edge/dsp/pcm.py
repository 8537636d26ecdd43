"""Raw PCM to float samples and back: the only place where a full scale stands."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

SampleFormat = Literal["s16", "s24", "s32", "f32"]

BYTES_PER_SAMPLE: Final[dict[SampleFormat, int]] = {"s16": 2, "s24": 3, "s32": 4, "f32": 4}


def decode(raw: bytes, *, sample_format: SampleFormat, n_channels: int) -> NDArray[np.float32]:
    """Turn little-endian interleaved PCM into mono samples.

    Parameters
    ----------
    raw : bytes
        Whole frames; a trailing part of a frame is dropped.
    sample_format : {"s16", "s24", "s32", "f32"}
        Width and kind of one sample.
    n_channels : int
        Interleaved channels, at least 1; they are averaged.

    Returns
    -------
    ndarray, shape (n_frames,), float32
        Full scale is [-1, 1).
    """
    frame_bytes = BYTES_PER_SAMPLE[sample_format] * n_channels
    whole = raw[: len(raw) - len(raw) % frame_bytes]
    return to_mono(_to_float(whole, sample_format).reshape(-1, n_channels))


def encode_s16(samples: NDArray[np.float32]) -> bytes:
    """Return 16-bit little-endian PCM, rounded and clipped."""
    scaled = np.rint(np.asarray(samples, np.float64) * 32768.0)
    return bytes(np.clip(scaled, -32768, 32767).astype("<i2").tobytes())


def to_mono(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average the channels of `frames`, shape (n, n_channels), to shape (n,)."""
    if frames.shape[1] == 1:
        return np.ascontiguousarray(frames[:, 0], np.float32)
    return np.asarray(frames.mean(axis=1, dtype=np.float32))


def _to_float(raw: bytes, sample_format: SampleFormat) -> NDArray[np.float32]:
    if sample_format == "f32":
        return np.frombuffer(raw, "<f4").astype(np.float32)
    if sample_format == "s16":
        return np.frombuffer(raw, "<i2").astype(np.float32) / np.float32(2**15)
    if sample_format == "s32":
        return (np.frombuffer(raw, "<i4") / 2.0**31).astype(np.float32)
    return _from_s24(raw)


def _from_s24(raw: bytes) -> NDArray[np.float32]:
    triples = np.frombuffer(raw, np.uint8).reshape(-1, 3)
    wide = np.zeros((len(triples), 4), np.uint8)
    wide[:, 1:] = triples  # the low byte stays zero: a left shift by 8 that keeps the sign
    return (wide.view("<i4")[:, 0] / 2.0**31).astype(np.float32)
