"""How a recipe's network learns: from windows drawn on the fly, or from whole clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from edge.contract.labels import EMOTIONS
from edge.contract.tables import Range
from trainer.sound.augment import AugmentSettings
from trainer.sound.waveform import Transform, refuse_several_folders

Share = Annotated[float, Range(0, 1)]
Count = Annotated[int, Range(1)]
Positive = Annotated[float, Range(1e-9)]
NotNegative = Annotated[int, Range(0)]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedNonVoice:
    """A folder of recordings without a voice."""

    kind: str
    """What they are, for reports."""
    folder: str
    licence: str
    leave_out: tuple[str, ...]
    """Patterns of paths with a voice after all: ``"*baby_cry/*"``."""
    test: tuple[str, ...]
    """Patterns of paths that are kept for the test."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NonVoice:
    """What the model learns to be no voice."""

    share: Share
    """Share of the training windows."""
    recorded: tuple[RecordedNonVoice, ...]
    n_synthetic: NotNegative
    synthetic_s: Positive
    """Length of one synthetic sound, in seconds."""
    rooms_folder: str
    """Folder of measured impulse responses; empty is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Copies:
    """Augmented copies of each recording, made once and kept in the cache."""

    n_copies: NotNegative
    clean_share: Share
    """How often the recording itself is drawn, rather than one of its copies."""
    settings: AugmentSettings


@dataclass(frozen=True, kw_only=True)
class SpecAugmentSettings:
    """How training windows are cut and disturbed.

    Attributes
    ----------
    whole_probability : float
        Share of the windows that show as much of the voice as fits; the others may cut it.
    least_voice_frames : int
        Voice that a cut window still shows, in frames.
    tempo_range : tuple of float
        Bounds of the tempo; above 1 is faster. The pitch stays.
    warp_range : tuple of float
        Bounds of the factor by which frequencies are scaled.
    tilt_db : float
        Largest gain of the random frequency response, in dB.
    background_probability : float
        Share of the voice windows that get a background.
    snr_range_db : tuple of float
        Bounds of the mean power of the voice over that of its background, in dB.
    floor_range_db : tuple of float
        Bounds of the level added to every window, in dB relative to its voice.
    n_time_masks, n_band_masks : int
        Masks per window.
    longest_time_mask, widest_band_mask : int
        Bounds of their lengths, in frames and in bands.
    mixup_alpha : float
        Parameter of the beta distribution of the mixing ratio; 0 is no mixup.
    """

    whole_probability: float
    least_voice_frames: int
    tempo_range: tuple[float, float]
    warp_range: tuple[float, float]
    tilt_db: float
    background_probability: float
    snr_range_db: tuple[float, float]
    floor_range_db: tuple[float, float]
    n_time_masks: int
    n_band_masks: int
    longest_time_mask: int
    widest_band_mask: int
    mixup_alpha: float


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowFit:
    """How the network is fitted: AdamW, warm-up, cosine decay, a running mean of the weights."""

    n_epochs: Count
    steps_per_epoch: Count
    batch_size: Count
    peak_learning_rate: Positive
    warmup_epochs: NotNegative
    weight_decay: Annotated[float, Range(0)]
    clip_norm: Positive
    ema_momentum: Share
    label_smoothing: Share
    unjudged: dict[str, tuple[str, ...]]
    """For an emotion that a corpus lacks: the labels that it could hide behind there.

    TESS has no ``calm``, so its ``neutral`` may well be calm: there the network's ``calm`` is
    neither right nor wrong. For all other labels a missing emotion is simply wrong.
    """

    def __post_init__(self) -> None:
        words = {*self.unjudged, *(label for labels in self.unjudged.values() for label in labels)}
        unknown = sorted(words - set(EMOTIONS))
        if unknown:
            raise ValueError(f"unjudged names {', '.join(unknown)}, which are no emotions")


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowLearning:
    """Windows are cut and disturbed anew in every epoch; some hold no voice."""

    kind: Literal["windows"]
    non_voice: NonVoice
    copies: Copies
    distortion: SpecAugmentSettings
    fit: WindowFit


@dataclass(frozen=True, kw_only=True, slots=True)
class Masks:
    """SpecAugment on images of features: stripes of frames and of features get the mean."""

    n_time_masks: NotNegative
    longest_time_mask: NotNegative
    n_band_masks: NotNegative
    widest_band_mask: NotNegative


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipFit:
    """How the network is fitted to whole clips."""

    n_epochs: Count
    batch_size: Count
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"]
    learning_rate: Positive
    schedule: Literal["constant", "cosine", "plateau"]
    """``plateau`` divides the rate by 5 when the training loss has not fallen for two epochs, as
    scikit-learn's ``adaptive`` does."""
    weight_decay: Annotated[float, Range(0)]
    label_smoothing: Share
    patience: NotNegative
    """Epochs without a better validation loss after which training stops and the best epoch's
    weights return; 0 trains all epochs and keeps the last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipLearning:
    """Every recording is one example, as the classic systems have it."""

    kind: Literal["clips"]
    n_copies: NotNegative
    """Augmented copies of each training recording."""
    waveform: tuple[Transform, ...]
    """What is done to the sound of a copy, in this order."""
    standardise: bool
    """Whether each feature gets the training part's mean 0 and deviation 1."""
    balance: Literal["none", "class_weights", "sampling"]
    masks: Masks | None = None
    mixup_alpha: Annotated[float, Range(0)]
    fit: ClipFit

    def __post_init__(self) -> None:
        if self.waveform and not self.n_copies:
            raise ValueError("waveform is given, but n_copies is 0: no copy would be made")
        refuse_several_folders(self.waveform)
