"""How a model fares in noise and in echoing rooms: the same clips, ever more disturbed.

Every disturbed clip goes through the edge's own analysis. A clip gets the same noise from the same
place, and the same room's tail, at every step of a curve, so that nothing but the step differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge.analysis import analyze_samples
from edge.contract.bundle import ModelBundle
from edge.errors import UsageError
from edge.stream.vad import SpeechGate
from trainer.corpora.base import Utterance
from trainer.corpora.targets import target
from trainer.judging import metrics
from trainer.judging.predictions import spoken_labels
from trainer.judging.subset import stratified
from trainer.judging.verdicts import analyzer
from trainer.sound import audio
from trainer.sound.augment import reverberate, synthetic_room
from trainer.sound.nonvoice import coloured_noise

FloatArray = NDArray[np.float32]

DIRECT_TO_REVERB_DB = 0.0
"""Energy of the direct sound over that of the room's tail: a speaker some steps away."""
HIGHEST_PEAK = 10.0 ** (-1.0 / 20.0)
"""Disturbed sound is turned down to at most -1 dBFS, so that nothing clips."""

_PINK = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Disturbances:
    """What is done to the clips."""

    noises: tuple[Path, ...]
    """Recordings of noise; none is pink noise from the seed."""
    snrs_db: tuple[float, ...] = (20.0, 15.0, 10.0, 5.0, 0.0)
    """Power of the voice, where the speech gate hears it, over the mean power of the noise."""
    t60s_s: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8, 1.0)
    """Reverberation times of synthetic rooms."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One point of a curve."""

    kind: Literal["clean", "snr", "t60"]
    value: float | None
    """In dB or seconds; None for the clean sound."""


def curves(
    bundle: ModelBundle,
    utterances: Sequence[Utterance],
    *,
    disturbances: Disturbances,
    seed: int,
    n_clips_most: int,
) -> list[dict[str, Any]]:
    """Judge a model on clean, noisy and reverberant clips.

    Parameters
    ----------
    bundle : ModelBundle
    utterances : sequence of Utterance
        Each with a target among the model's labels.
    disturbances : Disturbances
    seed : int
        With the sound of a clip it fixes the noise and the room that the clip gets.
    n_clips_most : int
        Where there are more, a sample with even labels and speakers is judged.

    Returns
    -------
    list of dict
        ``kind``, ``value``, ``n_clips``, ``n_without_label``, ``uar`` and ``accuracy`` of each
        condition; the clean one comes first.

    Raises
    ------
    UsageError
        If there is no utterance.
    NoInputError, AudioDataError
        If a recording or a noise cannot be used.
    """
    if not utterances:
        raise UsageError("there are no clips to disturb; expected at least one test recording")
    rate_hz, labels = bundle.manifest.features.sample_rate_hz, spoken_labels(bundle)
    chosen = stratified(utterances, labels, n_most=n_clips_most, seed=seed)
    noises = tuple(_noise(path, rate_hz) for path in disturbances.noises)
    conditions = _conditions(disturbances)
    ears = analyzer(bundle)
    bar = tqdm(chosen, desc="robustness", unit="clip", disable=None, leave=False)
    predicted = []
    for utterance in bar:
        sound = Sound.load(utterance.path, sample_rate_hz=rate_hz, seed=seed)
        heard = (disturbed(sound, condition, noises=noises) for condition in conditions)
        analyses = [analyze_samples(ears, y, sample_rate_hz=rate_hz) for y in heard]
        predicted.append([_index(labels, analysis.label) for analysis in analyses])
    truth = np.array([labels.index(target(utterance, labels)) for utterance in chosen])
    return [
        _point(condition, truth, found, n_classes=len(labels))
        for condition, found in zip(conditions, np.array(predicted).T, strict=True)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sound:
    """A clip, and what is drawn for it."""

    samples: FloatArray
    sample_rate_hz: int
    voice_power: float
    """Mean square where the speech gate hears a voice; of all where it hears none."""
    seed: int

    @classmethod
    def load(cls, path: Path, *, sample_rate_hz: int, seed: int) -> Sound:
        """Read a clip at the model's rate."""
        samples = audio.load(path, sample_rate_hz=sample_rate_hz)
        return cls(
            samples=samples,
            sample_rate_hz=sample_rate_hz,
            voice_power=_voice_power(samples, sample_rate_hz),
            seed=seed,
        )

    def generator(self) -> np.random.Generator:
        """Return a generator that depends on the seed and the sound, not on the order of work."""
        content = hashlib.sha256(f"{self.seed} ".encode() + self.samples.tobytes()).digest()
        return np.random.default_rng(np.frombuffer(content, np.uint32))


def disturbed(sound: Sound, condition: Condition, *, noises: Sequence[FloatArray]) -> FloatArray:
    """Return a clip as it is heard under a condition, of the same length.

    Parameters
    ----------
    sound : Sound
    condition : Condition
    noises : sequence of (n_samples,) arrays
        At the sound's rate, none of them silent.
    """
    if condition.value is None:
        return sound.samples
    rng = sound.generator()
    if condition.kind == "snr":
        noise = _drawn_noise(noises, len(sound.samples), rng)
        wanted_power = sound.voice_power * 10.0 ** (-condition.value / 10.0)
        heard = sound.samples + np.sqrt(wanted_power / _power(noise)) * noise
    else:
        room = synthetic_room(
            sr=sound.sample_rate_hz,
            t60_s=condition.value,
            direct_to_reverb_db=DIRECT_TO_REVERB_DB,
            rng=rng,
        )
        heard = reverberate(sound.samples, response=room)
    return _turned_down(heard)


def _index(labels: Sequence[str], label: str | None) -> int:
    return metrics.NO_LABEL if label is None else labels.index(label)


def _conditions(disturbances: Disturbances) -> list[Condition]:
    return [
        Condition(kind="clean", value=None),
        *(Condition(kind="snr", value=snr_db) for snr_db in disturbances.snrs_db),
        *(Condition(kind="t60", value=t60_s) for t60_s in disturbances.t60s_s),
    ]


def _noise(path: Path, sample_rate_hz: int) -> FloatArray:
    samples = audio.load(path, sample_rate_hz=sample_rate_hz)
    audio.refuse_silence(samples, path)
    return samples


def _drawn_noise(
    noises: Sequence[FloatArray], n_samples: int, rng: np.random.Generator
) -> FloatArray:
    """Draw noise, repeated where it is short, that begins where it is loud.

    Some recordings are mostly digital silence: noise from there could not be set to a level.
    """
    if not noises:
        return coloured_noise(n_samples, exponent=_PINK, rng=rng)
    noise = noises[rng.integers(len(noises))]
    loud = np.flatnonzero(np.abs(noise) >= 0.5 * np.sqrt(_power(noise)))
    return np.take(noise, np.arange(n_samples) + rng.choice(loud), mode="wrap")


def _voice_power(samples: FloatArray, sample_rate_hz: int) -> float:
    gate = SpeechGate(sample_rate_hz)
    is_voice = np.repeat(gate.push(samples), gate.frame_length)
    voice = samples[: len(is_voice)][is_voice]
    return _power(voice if len(voice) else samples)


def _power(samples: FloatArray) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64)))


def _turned_down(samples: NDArray[np.floating]) -> FloatArray:
    peak = float(np.max(np.abs(samples)))
    gain = HIGHEST_PEAK / peak if peak > HIGHEST_PEAK else 1.0
    return (samples * gain).astype(np.float32)


def _point(
    condition: Condition,
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    *,
    n_classes: int,
) -> dict[str, Any]:
    return {
        "kind": condition.kind,
        "value": condition.value,
        "n_clips": len(truth),
        "n_without_label": int(np.count_nonzero(predicted == metrics.NO_LABEL)),
        "uar": metrics.uar(truth, predicted, n_classes=n_classes),
        "accuracy": metrics.accuracy(truth, predicted),
    }
