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
from typing import Any, Literal

from edge.contract import tables
from edge.errors import SpecError


@dataclass(frozen=True, kw_only=True, slots=True)
class Framing:
    """How the sound is cut into frames, as librosa names it.

    ``padding`` is ``"none"`` for frame-local frames (librosa's ``center=False``), which can be
    streamed, or librosa's ``pad_mode`` for centred ones.
    """

    n_fft: int
    """Length of the FFT in samples."""
    win_length: int
    """Length of the analysis window in samples; zero-padded to `n_fft` on both sides."""
    hop_length: int
    """Samples from one frame to the next."""
    window: Literal["hann"]
    """Analysis window, periodic."""
    padding: Literal["none", "reflect", "constant"]
    """What stands beyond the ends of the sound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MelBank:
    """A bank of triangular filters, as `librosa.filters.mel` builds it."""

    n_mels: int
    fmin_hz: float
    fmax_hz: float
    scale: Literal["slaney", "htk"]
    norm: Literal["slaney", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decibel:
    """Power to decibel, as `librosa.power_to_db` does it.

    ``ref="max"`` and a number for ``top_db`` look at the whole clip and cannot be streamed.
    """

    amin: float
    """Absolute floor of the power."""
    ref: Literal["one", "max"]
    top_db: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LogMel:
    """Log-mel spectrogram in dB: ``mel.n_mels`` numbers a frame."""

    kind: Literal["logmel"]
    mel: MelBank
    decibel: Decibel


@dataclass(frozen=True, kw_only=True, slots=True)
class Mel:
    """Mel power spectrogram: ``mel.n_mels`` numbers a frame."""

    kind: Literal["mel"]
    mel: MelBank


@dataclass(frozen=True, kw_only=True, slots=True)
class Mfcc:
    """Mel-frequency cepstral coefficients: orthonormal DCT-II of the log-mel spectrogram."""

    kind: Literal["mfcc"]
    n_mfcc: int
    lifter: int
    """Cepstral lifter of librosa; 0 is none."""
    mel: MelBank
    decibel: Decibel


Block = LogMel | Mel | Mfcc
"""What may stand in ``FeatureSpec.blocks``; their numbers are joined in the order given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """The features stay a time-by-feature image of ``n_frames`` frames."""

    kind: Literal["image"]
    n_frames: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pooled:
    """The features of a window of sound are pooled over time into one vector."""

    kind: Literal["pooled"]
    statistics: tuple[Literal["mean", "std", "min", "max"], ...]
    window_s: float
    """Sound that the device looks at for one decision, in seconds."""


Layout = Image | Pooled


@dataclass(frozen=True, kw_only=True, slots=True)
class NoNorm:
    """Features are used as they come."""

    kind: Literal["none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowMax:
    """Subtract the window's maximum, clip to ``[-range_db, 0]``, shift and scale to ``[-1, 1]``.

    For features in dB: it takes the microphone's gain out.
    """

    kind: Literal["window_max"]
    range_db: float


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowStandard:
    """Subtract the window's mean and divide by its standard deviation.

    ``over`` is ``"all"`` (one mean for the window) or ``"time"`` (one for each feature);
    ``floor`` is the least deviation that is divided by.
    """

    kind: Literal["window_standard"]
    over: Literal["all", "time"]
    floor: float


Norm = NoNorm | WindowMax | WindowStandard


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
        return all(_frame_local(block) for block in self.blocks)

    @property
    def streamable(self) -> bool:
        """Whether frames can be computed as the sound arrives, once for all windows."""
        uncentred = self.framing.padding == "none"
        return uncentred and isinstance(self.layout, Image) and self.frame_local

    def to_dict(self) -> dict[str, Any]:
        """Return the dictionary that stands in manifests and recipes; `from_dict` inverts it."""
        return tables.to_table(self)

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


def block_width(block: Block) -> int:
    """Return how many numbers a frame the block contributes."""
    return block.n_mfcc if isinstance(block, Mfcc) else block.mel.n_mels


def _frame_local(block: Block) -> bool:
    if isinstance(block, Mel):
        return True
    return block.decibel.ref == "one" and block.decibel.top_db is None


def _problems(spec: FeatureSpec) -> Iterator[str]:
    yield from _framing_problems(spec.framing)
    if not 4000 <= spec.sample_rate_hz <= 192_000:
        yield f"sample_rate_hz is {spec.sample_rate_hz}, expected 4000 to 192000"
    if not spec.blocks:
        yield "blocks is empty, at least one is needed"
    for block in spec.blocks:
        yield from _mel_problems(block.mel, spec)
        if isinstance(block, Mfcc):
            yield from _mfcc_problems(block)
        if not isinstance(block, Mel) and block.decibel.amin <= 0:
            yield f"amin is {block.decibel.amin:g}, expected more than 0"
    yield from _layout_problems(spec.layout)
    if isinstance(spec.norm, WindowMax) and spec.norm.range_db <= 0:
        yield f"range_db is {spec.norm.range_db:g}, expected more than 0"
    if isinstance(spec.norm, WindowStandard) and spec.norm.floor <= 0:
        yield f"floor is {spec.norm.floor:g}, expected more than 0"


def _framing_problems(framing: Framing) -> Iterator[str]:
    if framing.n_fft < 2:
        yield f"n_fft is {framing.n_fft}, expected at least 2"
    if not 1 <= framing.win_length <= framing.n_fft:
        yield f"win_length is {framing.win_length}, expected 1 to n_fft = {framing.n_fft}"
    if framing.hop_length < 1:
        yield f"hop_length is {framing.hop_length}, expected at least 1"


def _mel_problems(mel: MelBank, spec: FeatureSpec) -> Iterator[str]:
    nyquist_hz = spec.sample_rate_hz / 2
    if mel.n_mels < 1:
        yield f"n_mels is {mel.n_mels}, expected at least 1"
    if not 0 <= mel.fmin_hz < mel.fmax_hz <= nyquist_hz:
        yield (
            f"the mel bank spans {mel.fmin_hz:g} to {mel.fmax_hz:g} Hz, "
            f"expected a rising span within 0 to {nyquist_hz:g} Hz"
        )


def _mfcc_problems(block: Mfcc) -> Iterator[str]:
    if not 1 <= block.n_mfcc <= block.mel.n_mels:
        yield f"n_mfcc is {block.n_mfcc}, expected 1 to n_mels = {block.mel.n_mels}"
    if block.lifter < 0:
        yield f"lifter is {block.lifter}, expected at least 0"


def _layout_problems(layout: Layout) -> Iterator[str]:
    if isinstance(layout, Image) and layout.n_frames < 1:
        yield f"n_frames is {layout.n_frames}, expected at least 1"
    if isinstance(layout, Pooled) and not layout.statistics:
        yield "statistics is empty, at least one is needed"
    if isinstance(layout, Pooled) and layout.window_s <= 0:
        yield f"window_s is {layout.window_s:g}, expected more than 0"
