"""Augmentation of waveforms as a recipe lists it: one dataclass a transform, applied in order.

Every transform draws from the generator that it is given, and from nothing else: the same seed
gives the same sound in any thread, process or machine. Only `Speed` changes the length. Nothing is
clipped or brought to a common level: a result may leave [-1, 1], as floating-point sound may.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from edge.contract.tables import Range
from trainer.sound.augment import reverberate
from trainer.sound.vocaltract import change_vocal_tract

FloatArray = NDArray[np.float32]
Probability = Annotated[float, Range(0, 1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """Where a copy is made: at which rate, in which rooms, among which noises."""

    sample_rate_hz: int
    rooms: Sequence[FloatArray] = ()
    """Impulse responses of measured rooms, at that rate."""
    noises: Sequence[FloatArray] = ()
    """Recordings of noise, at that rate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """White noise, or recordings of a folder, at a signal-to-noise ratio."""

    kind: Literal["noise"]
    probability: Probability
    snr_range_db: tuple[float, float]
    """Bounds of the clip's mean power over the noise's, pauses included, -30 to 100 dB."""
    folder: str
    """Folder of noise below the data folder; empty is white noise."""

    def __post_init__(self) -> None:
        _check_range("snr_range_db", self.snr_range_db, lowest=-30.0, highest=100.0)

    def disturb(
        self, samples: FloatArray, surroundings: Surroundings, rng: np.random.Generator
    ) -> FloatArray:
        """Add the noise; an excerpt of digital silence adds nothing."""
        snr_db = rng.uniform(*self.snr_range_db)
        if self.folder:
            noise = _excerpt(surroundings.noises, len(samples), rng)
        else:
            noise = rng.standard_normal(len(samples)).astype(np.float32)
        wanted = _rms(samples) * 10.0 ** (-snr_db / 20.0)
        return samples + noise * np.float32(wanted / (_rms(noise) or 1.0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Gain:
    """Louder or quieter."""

    kind: Literal["gain"]
    probability: Probability
    range_db: tuple[float, float]
    """Bounds, -60 to 60 dB."""

    def __post_init__(self) -> None:
        _check_range("range_db", self.range_db, lowest=-60.0, highest=60.0)

    def disturb(
        self, samples: FloatArray, surroundings: Surroundings, rng: np.random.Generator
    ) -> FloatArray:
        """Scale the sound."""
        del surroundings
        return samples * np.float32(10.0 ** (rng.uniform(*self.range_db) / 20.0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """Faster or slower at the same pitch."""

    kind: Literal["speed"]
    probability: Probability
    factor_range: tuple[float, float]
    """Bounds, 0.5 to 2; above 1 is faster and shorter."""

    def __post_init__(self) -> None:
        # Slower than half, the library fills the gaps with a phase of its own random numbers.
        _check_range("factor_range", self.factor_range, lowest=0.5, highest=2.0)

    def disturb(
        self, samples: FloatArray, surroundings: Surroundings, rng: np.random.Generator
    ) -> FloatArray:
        """Stretch the sound to about ``n_samples / factor``."""
        from audiomentations import TimeStretch

        stretch = TimeStretch(leave_length_unchanged=False)
        return _exactly(stretch, samples, surroundings, rate=rng.uniform(*self.factor_range))


@dataclass(frozen=True, kw_only=True, slots=True)
class Pitch:
    """Higher or lower at the same speed; the formants move along."""

    kind: Literal["pitch"]
    probability: Probability
    range_semitones: tuple[float, float]
    """Bounds, -12 to 12."""

    def __post_init__(self) -> None:
        _check_range("range_semitones", self.range_semitones, lowest=-12.0, highest=12.0)

    def disturb(
        self, samples: FloatArray, surroundings: Surroundings, rng: np.random.Generator
    ) -> FloatArray:
        """Shift the pitch."""
        from audiomentations import PitchShift

        semitones = rng.uniform(*self.range_semitones)
        return _exactly(PitchShift(), samples, surroundings, num_semitones=semitones)


@dataclass(frozen=True, kw_only=True, slots=True)
class VocalTract:
    """A longer or shorter vocal tract: the spectrum's envelope moves, the pitch stays."""

    kind: Literal["vocal_tract"]
    probability: Probability
    factor_range: tuple[float, float]
    """Bounds of the new length over the speaker's own, 0.7 to 1.4; above 1 the formants fall."""

    def __post_init__(self) -> None:
        _check_range("factor_range", self.factor_range, lowest=0.7, highest=1.4)

    def disturb(
        self, samples: FloatArray, surroundings: Surroundings, rng: np.random.Generator
    ) -> FloatArray:
        """Warp the envelope."""
        return change_vocal_tract(
            samples,
            sample_rate_hz=surroundings.sample_rate_hz,
            factor=rng.uniform(*self.factor_range),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """The response of a measured room."""

    kind: Literal["room"]
    probability: Probability
    folder: str
    """Folder of impulse responses below the data folder."""

    def __post_init__(self) -> None:
        if not self.folder:
            raise ValueError("folder is empty, expected a folder of impulse responses")

    def disturb(
        self, samples: FloatArray, surroundings: Surroundings, rng: np.random.Generator
    ) -> FloatArray:
        """Put the sound into one of the rooms; the direct sound stays where it was."""
        response = surroundings.rooms[rng.integers(len(surroundings.rooms))]
        return reverberate(samples, response=response)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """Earlier or later, with silence in the place of what was."""

    kind: Literal["shift"]
    probability: Probability
    range_s: tuple[float, float]
    """Bounds, -10 to 10 seconds; above 0 is later."""

    def __post_init__(self) -> None:
        _check_range("range_s", self.range_s, lowest=-10.0, highest=10.0)

    def disturb(
        self, samples: FloatArray, surroundings: Surroundings, rng: np.random.Generator
    ) -> FloatArray:
        """Move the sound; what leaves at one end is lost."""
        wanted = round(rng.uniform(*self.range_s) * surroundings.sample_rate_hz)
        n_later = min(max(wanted, -len(samples)), len(samples))
        silence = np.zeros(abs(n_later), np.float32)
        if n_later < 0:
            return np.concatenate([samples[-n_later:], silence])
        return np.concatenate([silence, samples[: len(samples) - n_later]])


Transform = Noise | Gain | Speed | Pitch | VocalTract | Room | Shift
"""What may stand in ``learning.waveform``."""


def apply(
    transforms: Iterable[Transform],
    samples: FloatArray,
    *,
    surroundings: Surroundings,
    rng: np.random.Generator,
) -> FloatArray:
    """Make one augmented copy of a recording.

    Parameters
    ----------
    transforms : iterable of Transform
        Each happens with its probability, in this order.
    samples : (n_samples,) float32 array
    surroundings : Surroundings
        With rooms or noises where a transform needs them.
    rng : numpy.random.Generator

    Returns
    -------
    float32 array
        Of the same length unless a `Speed` happened.
    """
    for transform in transforms:
        if rng.random() < transform.probability:
            samples = transform.disturb(samples, surroundings, rng)
    return samples


def refuse_several_folders(transforms: Sequence[Transform]) -> None:
    """Raise where noises, or rooms, are to come from more than one folder: all share one.

    Raises
    ------
    ValueError
    """
    for kind in (Noise, Room):
        folders = {each.folder for each in transforms if isinstance(each, kind)} - {""}
        if len(folders) > 1:
            raise ValueError(
                f"its transforms of kind {kind.__name__.lower()!r} name the folders "
                f"{' and '.join(sorted(folders))}, expected one folder for all of them"
            )


def _check_range(name: str, bounds: Sequence[float], *, lowest: float, highest: float) -> None:
    if len(bounds) != 2 or not lowest <= bounds[0] <= bounds[1] <= highest:
        raise ValueError(
            f"{name} is {list(bounds)}, expected two values from {lowest:g} to {highest:g}, "
            "the smaller first"
        )


def _exactly(
    transform: Any, samples: FloatArray, surroundings: Surroundings, **parameters: float
) -> FloatArray:
    """Apply a transform of audiomentations with what we have drawn.

    Left alone, it would draw from Python's global generator, which threads share and Keras seeds.
    """
    transform.parameters = {"should_apply": True, **parameters}
    transform.freeze_parameters()
    return transform(samples, sample_rate=surroundings.sample_rate_hz)


def _excerpt(
    recordings: Sequence[FloatArray], n_samples: int, rng: np.random.Generator
) -> FloatArray:
    """Cut a piece out of one of the recordings; a shorter one is repeated."""
    recording = recordings[rng.integers(len(recordings))]
    start = rng.integers(max(1, len(recording) - n_samples + 1))
    return np.resize(recording[start:], n_samples)


def _rms(samples: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
