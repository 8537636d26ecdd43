"""The blocks of features that a `FeatureSpec` may ask for; names and options are librosa's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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

    @property
    def frame_local(self) -> bool:
        """Whether no other frame plays a part."""
        return self.ref == "one" and self.top_db is None


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Chroma:
    """Energy of each pitch class, as `librosa.feature.chroma_stft`: the loudest has 1."""

    kind: Literal["chroma"]
    n_chroma: int
    spectrum: Literal["power", "magnitude"]
    """What is folded: librosa's own default is power; those who pass ``S=np.abs(stft)`` fold
    magnitudes."""
    tuning: float | None
    """Deviation from A440 in fractions of a bin; None estimates it over the whole clip, as librosa
    does, and cannot be streamed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ZeroCrossings:
    """Zero-crossing rate, as `librosa.feature.zero_crossing_rate`: crossings per sample.

    Centred frames see the first and last sample repeated beyond the ends, whatever
    ``framing.padding`` says: so does librosa.
    """

    kind: Literal["zcr"]
    threshold: float
    """Samples of at most this magnitude count as zero."""
    zero_pos: bool
    """Whether zero counts as positive; else as a sign of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rms:
    """Root mean square of the (unweighted) samples of each frame, as `librosa.feature.rms`."""

    kind: Literal["rms"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Centroid:
    """Centre of mass of the magnitude spectrum in Hz, as `librosa.feature.spectral_centroid`."""

    kind: Literal["centroid"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bandwidth:
    """Width of the magnitude spectrum in Hz, as `librosa.feature.spectral_bandwidth`."""

    kind: Literal["bandwidth"]
    p: float
    """Power of the deviation from the centroid; 2 is a standard deviation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rolloff:
    """Frequency in Hz below which ``percent`` (a fraction) of the magnitude lies.

    As `librosa.feature.spectral_rolloff`.
    """

    kind: Literal["rolloff"]
    percent: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Contrast:
    """Peaks over valleys in ``n_bands + 1`` octaves, as `librosa.feature.spectral_contrast`.

    In decibels (``linear=False``) librosa cuts off 80 dB below the clip's loudest peak and valley,
    which cannot be streamed.
    """

    kind: Literal["contrast"]
    fmin_hz: float
    """Upper end of the lowest band."""
    n_bands: int
    quantile: float
    """Fraction of a band's bins that makes its peak, and its valley."""
    linear: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Flatness:
    """Geometric over arithmetic mean of the spectrum, as `librosa.feature.spectral_flatness`."""

    kind: Literal["flatness"]
    amin: float
    power: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Pitch:
    """Fundamental frequency by YIN: two numbers a frame, F0 in Hz and aperiodicity.

    F0 is that of `librosa.yin` in voiced frames and 0 in the others. Aperiodicity is the cumulative
    mean normalised difference at the period found: about 0 for a tone, about 1 for noise.
    """

    kind: Literal["pitch"]
    fmin_hz: float
    fmax_hz: float
    trough_threshold: float
    """A period counts whose difference is below this (de Cheveigne and Kawahara 2002)."""
    voicing_threshold: float
    """Frames of at least this aperiodicity are unvoiced."""
    voicing_rms: float
    """Frames with at most this RMS are silent: unvoiced, with an aperiodicity of 1."""


Static = (
    LogMel
    | Mel
    | Mfcc
    | Chroma
    | ZeroCrossings
    | Rms
    | Centroid
    | Bandwidth
    | Rolloff
    | Contrast
    | Flatness
    | Pitch
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delta:
    """Slope (``order=1``) or curvature (``order=2``) of another block over time.

    As `librosa.feature.delta` with ``mode="interp"``; needs the frames around, so it cannot be
    streamed. Where a clip has fewer frames than ``width``, its first and last frame are repeated
    beyond its ends (librosa's ``mode="nearest"``; ``"interp"`` would refuse).
    """

    kind: Literal["delta"]
    of: Static
    width: int
    """Frames that a slope is fitted to: odd, at least 3."""
    order: Literal[1, 2]


Block = Static | Delta
"""What may stand in ``FeatureSpec.blocks``; their numbers are joined in the order given."""


def block_width(block: Block) -> int:
    """Return how many numbers a frame the block contributes."""
    width = 1
    match block:
        case Delta():
            width = block_width(block.of)
        case Mfcc():
            width = block.n_mfcc
        case LogMel() | Mel():
            width = block.mel.n_mels
        case Chroma():
            width = block.n_chroma
        case Contrast():
            width = block.n_bands + 1
        case Pitch():
            width = 2
    return width


def frame_local(block: Block) -> bool:
    """Return whether a frame's numbers depend on nothing but its own samples."""
    match block:
        case LogMel() | Mfcc():
            return block.decibel.frame_local
        case Chroma():
            return block.tuning is not None
        case Contrast():
            return block.linear
        case _:
            return not isinstance(block, Delta)
