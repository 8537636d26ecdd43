"""FeatureSpec: the one frozen value that says how sound becomes numbers.

The trainer writes it into the model file, the Pi reads it there; nothing else on the Pi knows a
sample rate, a frame length or a mel count. Nothing has a default: every number is decided by a
recipe and stands in the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edge.contract import impossible, tables
from edge.contract.blocks import (
    Bandwidth,
    Block,
    Centroid,
    Chroma,
    Contrast,
    Decibel,
    Delta,
    Flatness,
    LogMel,
    Mel,
    MelBank,
    Mfcc,
    Pitch,
    Rms,
    Rolloff,
    Static,
    ZeroCrossings,
    block_width,
    frame_local,
)
from edge.contract.layouts import (
    Framing,
    Image,
    Layout,
    NoNorm,
    Norm,
    Pooled,
    RunningStandard,
    SubtractMax,
    WindowMax,
    WindowStandard,
)
from edge.errors import SpecError

__all__ = [
    "Bandwidth",
    "Block",
    "Centroid",
    "Chroma",
    "Contrast",
    "Decibel",
    "Delta",
    "FeatureSpec",
    "Flatness",
    "Framing",
    "Image",
    "Layout",
    "LogMel",
    "Mel",
    "MelBank",
    "Mfcc",
    "NoNorm",
    "Norm",
    "Pitch",
    "Pooled",
    "Rms",
    "Rolloff",
    "RunningStandard",
    "Static",
    "SubtractMax",
    "WindowMax",
    "WindowStandard",
    "ZeroCrossings",
    "block_width",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureSpec:
    """How sound becomes the model's input. See the module's text."""

    sample_rate_hz: int
    framing: Framing
    blocks: tuple[Block, ...]
    layout: Layout
    norm: Norm

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise SpecError("the feature specification is impossible: " + "; ".join(problems))

    @property
    def n_features(self) -> int:
        """Numbers a frame."""
        return sum(block_width(block) for block in self.blocks)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of what `edge.dsp.extract` returns for one window."""
        if isinstance(self.layout, Image):
            return (self.layout.n_frames, self.n_features)
        return (self.n_features * len(self.layout.statistics),)

    @property
    def window_length(self) -> int:
        """Samples of sound that one window of features looks at."""
        if isinstance(self.layout, Pooled):
            return round(self.layout.window_s * self.sample_rate_hz)
        span = (self.layout.n_frames - 1) * self.framing.hop_length
        return span + (self.framing.n_fft if self.framing.padding == "none" else 0)

    @property
    def frame_local(self) -> bool:
        """Whether a frame's numbers depend on nothing but its own samples."""
        return all(frame_local(block) for block in self.blocks)

    @property
    def streamable(self) -> bool:
        """Whether frames can be computed as the sound arrives, once for all windows."""
        uncentred = self.framing.padding == "none"
        return uncentred and isinstance(self.layout, Image) and self.frame_local

    def to_dict(self) -> dict[str, Any]:
        """Return the dictionary that stands in manifests and recipes; `from_dict` inverts it."""
        table: dict[str, Any] = tables.to_table(self)
        return table

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> FeatureSpec:
        """Build a specification from its dictionary.

        Raises
        ------
        SpecError
            If a key is missing or unknown, or a value is of the wrong type or impossible; the
            message names the key's path and suggests the nearest known one.
        """
        try:
            return tables.from_table(cls, table, path="features")
        except tables.TableError as error:
            raise SpecError(str(error)) from error

    def fingerprint(self) -> str:
        """Return the SHA-256 of the canonical JSON: it names caches, manifests and log lines."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def _problems(spec: FeatureSpec) -> Iterator[str]:
    framing_problems = list(impossible.framing_problems(spec.framing))
    yield from framing_problems
    if not 4000 <= spec.sample_rate_hz <= 192_000:
        yield f"sample_rate_hz is {spec.sample_rate_hz}, expected 4000 to 192000"
    if not spec.blocks:
        yield "blocks is empty, at least one is needed"
    for block in spec.blocks if not framing_problems else ():
        yield from impossible.block_problems(
            block, spec.framing, sample_rate_hz=spec.sample_rate_hz
        )
    yield from impossible.layout_problems(spec.layout, spec.framing)
    yield from impossible.norm_problems(spec.norm)
