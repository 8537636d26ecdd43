"""How sound is cut into frames before the features, and how these are laid out and normalised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
class Image:
    """The features stay a time-by-feature image of ``n_frames`` frames.

    Sound that is too short is followed by digital silence, sound that is too long is cut.
    """

    kind: Literal["image"]
    n_frames: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pooled:
    """The features of a window of sound are pooled over time into one vector."""

    kind: Literal["pooled"]
    statistics: tuple[str, ...]
    """``"mean"``, ``"std"``, ``"min"``, ``"max"``, or a percentile: ``"p50"`` is the median."""
    window_s: float
    """Sound that the device looks at for one decision, in seconds."""


Layout = Image | Pooled


def percentile(statistic: str) -> float | None:
    """Return the percentile, 0 to 100, that a statistic's name stands for; None if for none."""
    try:
        percent = float(statistic[1:]) if statistic.startswith("p") else -1.0
    except ValueError:
        return None
    return percent if 0 <= percent <= 100 else None


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
class SubtractMax:
    """Subtract the features from the window's maximum: ``max - features``, at least 0.

    ``maximum`` is that of the features' values or of their magnitudes.
    """

    kind: Literal["subtract_max"]
    maximum: Literal["value", "magnitude"]


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowStandard:
    """Subtract the window's mean and divide by its standard deviation.

    ``over`` is ``"all"`` (one mean for the window) or ``"time"`` (one for each feature);
    ``floor`` is the least deviation that is divided by.
    """

    kind: Literal["window_standard"]
    over: Literal["all", "time"]
    floor: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningStandard:
    """Subtract each feature's running mean and divide by its running standard deviation.

    Both run since the sound's first frame (in a stream: since its beginning, across windows), with
    equal weights for the first ``n_frames`` frames and exponentially forgetting with this time
    constant from then on. A frame is part of its own mean. ``floor`` is the least deviation that
    is divided by.
    """

    kind: Literal["running_standard"]
    n_frames: int
    floor: float


Norm = NoNorm | WindowMax | SubtractMax | WindowStandard | RunningStandard
