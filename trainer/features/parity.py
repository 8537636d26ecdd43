"""The gate of export: librosa and the edge see the same features, Keras and TFLite agree.

Maxima over all frames, never averages: one band that is off once is one alarm too many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge import dsp
from edge.contract.spec import (
    Block,
    Chroma,
    Contrast,
    Delta,
    FeatureSpec,
    LogMel,
    Mel,
    Mfcc,
    ZeroCrossings,
    block_width,
)
from edge.errors import EXIT_BAD_DATA, SerError
from edge.stream.frontend import StreamedFeatures
from trainer.features import oracle as features

FloatArray = NDArray[np.float32]

LOG_MEL_BOUND_DB = 1e-3
MFCC_BOUND = 2e-3
MEL_BOUND = 1e-5
"""Relative to the largest power of the sound: a power has no scale of its own."""
LINEAR_BOUND = 1e-4
"""Of whatever else is linear, relative to its largest value in the sound."""
CHROMA_BOUND = 1e-3
LOGIT_BOUND = 1e-3
"""Largest difference of a logit between Keras and its float32 flatbuffer, relative to the largest
logit where that is above 1: a sound unlike all training gives classic systems logits of 50000."""

_STREAM_PIECE = 333


class ParityError(SerError, ValueError):
    """Desktop and device disagree."""

    exit_code = EXIT_BAD_DATA


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """How far apart the two sides are on one sound."""

    signal: str
    what: str
    largest: float
    bound: float

    @property
    def acceptable(self) -> bool:
        """Whether the difference is within its bound."""
        return self.largest <= self.bound


def nasty_signals(*, sample_rate_hz: int, n_samples: int) -> dict[str, FloatArray]:
    """Return the sounds on which front ends fall apart, by name.

    Parameters
    ----------
    sample_rate_hz : int
    n_samples : int
        Length of each.
    """
    rng = np.random.default_rng(1)
    t = np.arange(n_samples) / sample_rate_hz
    noise = rng.standard_normal(n_samples)
    tone = np.sin(2 * np.pi * 440.0 * t)
    impulse = np.zeros(n_samples)
    impulse[n_samples // 2] = 1.0
    sweep = np.sin(2 * np.pi * (50.0 * t + 0.5 * (7000.0 / t[-1]) * t**2))
    signals = {
        "silence": np.zeros(n_samples),
        "near silence": noise / 32768.0,
        "clipping": np.clip(20.0 * tone, -1.0, 1.0 - 2**-15),
        "DC": np.full(n_samples, 0.5),
        "DC and noise": 0.5 + 1e-3 * noise,
        "noise": 0.1 * noise,
        "tone": 0.9 * tone,
        "impulse": impulse,
        "sweep": 0.5 * sweep,
        "speech then silence": np.where(t < t[-1] / 2, 0.1 * noise, 0.0),
    }
    return {name: samples.astype(np.float32) for name, samples in signals.items()}


def front_end(spec: FeatureSpec, signals: Mapping[str, FloatArray]) -> list[Difference]:
    """Compare librosa, the edge and, where the spec can be streamed, the edge's stream.

    Parameters
    ----------
    spec : FeatureSpec
    signals : mapping of str to (n_samples,) float32 arrays
    """
    return [found for name, samples in signals.items() for found in compare(name, samples, spec)]


def compare(name: str, samples: FloatArray, spec: FeatureSpec) -> Iterator[Difference]:
    """Yield a difference for each block; then, where the spec can be streamed, the stream's.

    Parameters
    ----------
    name : str
        Of the sound.
    samples : (n_samples,) float32 array
        At least one FFT long where frames are not centred.
    spec : FeatureSpec
    """
    expected = features.frames_of(samples, spec)
    found = dsp.frames_of(samples, spec)
    yield from _by_block(name, "librosa and edge", expected, found, spec)
    if spec.streamable:
        streamed = _streamed(samples, spec, n_frames=len(expected))
        yield from _by_block(name, "librosa and stream", expected, streamed, spec)


def bound_of(block: Block) -> float:
    """Return how far apart the two sides may be on a block."""
    match block:
        case Delta():
            return bound_of(block.of)
        case LogMel() | Contrast(linear=False):
            return LOG_MEL_BOUND_DB
        case Mfcc():
            return MFCC_BOUND
        case Chroma():
            return CHROMA_BOUND
        case ZeroCrossings():
            return 0.0
        case _:
            return MEL_BOUND if isinstance(block, Mel) else LINEAR_BOUND


def networks(
    keras_logits: Callable[[FloatArray], FloatArray],
    edge_logits: Callable[[FloatArray], FloatArray],
    windows: Mapping[str, FloatArray],
) -> list[Difference]:
    """Compare Keras with its float32 flatbuffer, run by the edge, on windows of features."""
    found = []
    for name, window in windows.items():
        expected = keras_logits(window)
        size = max(1.0, float(np.abs(expected).max()))
        largest = _largest(expected, edge_logits(window)) / size
        found.append(Difference(signal=name, what="logits", largest=largest, bound=LOGIT_BOUND))
    return found


def refuse(differences: Iterable[Difference]) -> None:
    """Raise where a difference is beyond its bound.

    Raises
    ------
    ParityError
    """
    beyond = [found for found in differences if not found.acceptable]
    if beyond:
        worst = max(beyond, key=lambda found: found.largest / found.bound)
        raise ParityError(
            f"{worst.what} of {worst.signal!r} differ by {worst.largest:.2g} between desktop and "
            f"device, at most {worst.bound:g} is allowed ({len(beyond)} such differences); "
            "compare the versions of librosa and numpy with those of the project"
        )


def table(differences: Sequence[Difference]) -> str:
    """Return the differences as text for a terminal."""
    lines = [
        f"{found.what:<28}{found.signal:<24}{found.largest:>10.2e}  (at most {found.bound:g})"
        + ("" if found.acceptable else "  TOO MUCH")
        for found in differences
    ]
    return "\n".join(lines)


def _by_block(
    name: str, what: str, expected: FloatArray, found: FloatArray, spec: FeatureSpec
) -> Iterator[Difference]:
    first = 0
    for block in spec.blocks:
        columns = slice(first, first + block_width(block))
        first = columns.stop
        yield Difference(
            signal=name,
            what=f"{block.kind}, {what}",
            largest=_largest(expected[:, columns], found[:, columns])
            / _scale(block, expected[:, columns]),
            bound=bound_of(block),
        )


def _streamed(samples: FloatArray, spec: FeatureSpec, *, n_frames: int) -> FloatArray:
    """Return all frames, read from the stream as soon as they are complete."""
    stream = StreamedFeatures(spec)
    frames: list[FloatArray] = []
    length, hop = spec.framing.n_fft, spec.framing.hop_length
    n_seen = 0
    for start in range(0, len(samples), _STREAM_PIECE):
        piece = samples[start : start + _STREAM_PIECE]
        stream.push(piece)
        n_seen += len(piece)
        n_ready = min(n_frames, max(0, 1 + (n_seen - length) // hop))
        if n_ready > len(frames):
            frames.extend(stream.frames(first=len(frames), stop=n_ready))
    return np.array(frames).reshape(-1, spec.n_features)


def _scale(block: Block, expected: FloatArray) -> float:
    """Return what a difference is relative to; 1 for decibels and fractions of one."""
    match block:
        case Delta():
            return _scale(block.of, expected)
        case LogMel() | Mfcc() | Chroma() | ZeroCrossings() | Contrast(linear=False):
            return 1.0
        case _:
            return max(float(np.abs(expected).max(initial=0.0)), 1e-10)


def _largest(expected: FloatArray, found: FloatArray) -> float:
    if expected.shape != found.shape:
        return float("inf")
    difference = np.abs(expected.astype(np.float64) - found)
    return float(np.nan_to_num(difference, nan=np.inf).max(initial=0.0))
