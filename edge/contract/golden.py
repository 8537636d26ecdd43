"""Golden cases: short sounds with what the trainer's desktop made of them.

They travel inside the model file. Export writes them, the device computes them again, and
`compare` is the one notion of "the same" that both use.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FEATURE_TOLERANCE: Final = 2e-3
"""Largest difference of one feature (dB for log-mel before normalisation, MFCC units).

Of a feature beyond 100 it is that share of a hundredth of it: mel powers reach 20000, where one
step of a float32 is 0.002.
"""

LOGIT_STEPS: Final = 6
"""Largest difference of one output in steps of its quantisation, of which there are 256.

Between tflite-runtime 2.14 and LiteRT 1.4 to 2.3 the same int8 file of the bundled model differed
by up to 2 steps; those of the classic systems differed by up to 3 on golden cases, 5 on speech.
"""

_LARGE_FEATURE: Final = 100.0
_PARTS: Final = ("samples", "features", "logits")


@dataclass(frozen=True, kw_only=True, slots=True)
class GoldenCase:
    """One sound and its expected features and outputs."""

    name: str
    samples: NDArray[np.float32]
    """Mono sound at the model's rate, shape (n,); 16-bit values."""
    features: NDArray[np.float32]
    """``edge.dsp.extract(samples, spec)``."""
    logits: NDArray[np.float32]
    """Dequantised outputs of the model for these features, shape (n_labels,)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deviation:
    """How far one case is off."""

    name: str
    features: float
    """Largest difference of a feature, as its tolerance counts; infinite for another shape."""
    logits: float
    """Largest absolute difference of an output; likewise infinite."""


def compare(
    case: GoldenCase, *, features: NDArray[np.float32], logits: NDArray[np.float32]
) -> Deviation:
    """Return how far freshly computed features and outputs are from the golden ones."""
    return Deviation(
        name=case.name,
        features=_max_difference(case.features, features, absolute_up_to=_LARGE_FEATURE),
        logits=_max_difference(case.logits, logits, absolute_up_to=np.inf),
    )


def _max_difference(
    expected: NDArray[np.float32], found: NDArray[np.float32], *, absolute_up_to: float
) -> float:
    if expected.shape != found.shape:
        return float("inf")
    difference = np.abs(expected.astype(np.float64) - found)
    difference /= np.maximum(1.0, np.abs(expected) / absolute_up_to)
    return float(np.nan_to_num(difference, nan=np.inf).max(initial=0.0))


def pack(cases: Sequence[GoldenCase]) -> bytes:
    """Return the cases as the bytes of an ``.npz`` file."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for case in cases:
        arrays[f"{case.name}/samples"] = np.rint(case.samples * 32768.0).astype(np.int16)
        arrays[f"{case.name}/features"] = case.features
        arrays[f"{case.name}/logits"] = case.logits
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack(packed: bytes) -> tuple[GoldenCase, ...]:
    """Return the cases of an ``.npz`` file made by `pack`.

    Raises
    ------
    ValueError
        If the bytes are no such file, or a case lacks a part.
    """
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            loaded = {key: arrays[key] for key in arrays.files}
    except (OSError, EOFError) as error:
        raise ValueError(f"the golden cases are no .npz file: {error}") from error
    names = sorted({key.rpartition("/")[0] for key in loaded})
    return tuple(_case(name, loaded) for name in names)


def _case(name: str, arrays: Mapping[str, NDArray[np.generic]]) -> GoldenCase:
    missing = [part for part in _PARTS if f"{name}/{part}" not in arrays]
    if missing:
        raise ValueError(f"golden case {name!r} lacks {', '.join(missing)}")
    pcm = arrays[f"{name}/samples"]
    return GoldenCase(
        name=name,
        samples=pcm.astype(np.float32) / np.float32(32768.0),
        features=arrays[f"{name}/features"].astype(np.float32),
        logits=arrays[f"{name}/logits"].astype(np.float32),
    )
