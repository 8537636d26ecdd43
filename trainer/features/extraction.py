"""What is made of a recording: its features, and those of augmented copies."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from edge.contract import tables
from edge.contract.spec import FeatureSpec
from edge.errors import NoInputError
from trainer.features import oracle
from trainer.sound import audio, augment, nonvoice, waveform
from trainer.sound.augment import AugmentSettings
from trainer.sound.waveform import Noise, Room, Transform

FloatArray = NDArray[np.float32]

_SYNTHETIC_PEAK = 0.3


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """Sound from a file."""

    path: Path
    content: str
    """Hash of the file's bytes."""
    data: bytes | None = field(default=None, repr=False, compare=False)
    """Those bytes, where the recording travels to a machine that has no such file."""

    def samples(self, *, sample_rate_hz: int) -> FloatArray:
        """Return the sound; raises `AudioDataError` where it cannot be used."""
        samples = self.heard(sample_rate_hz=sample_rate_hz)
        audio.refuse_silence(samples, self.path)
        return samples

    def heard(self, *, sample_rate_hz: int) -> FloatArray:
        """Return the sound, be it silence."""
        return audio.load(self.path, sample_rate_hz=sample_rate_hz, data=self.data)

    def carried(self) -> Recording:
        """Return the recording with its bytes; whoever opens it says if there are none."""
        try:
            return dataclasses.replace(self, data=self.path.read_bytes())
        except OSError:
            return self


@dataclass(frozen=True, kw_only=True, slots=True)
class Synthetic:
    """Sound without a voice, made from a seed."""

    content: str
    """``"synthetic-7-12"``: seed and number."""
    seed: int
    number: int
    length_s: float

    def samples(self, *, sample_rate_hz: int) -> FloatArray:
        """Return the sound."""
        rng = np.random.default_rng((self.seed, self.number))
        n_samples = round(self.length_s * sample_rate_hz)
        sound = nonvoice.synthesise(n_samples=n_samples, sr=sample_rate_hz, rng=rng)
        return sound * np.float32(_SYNTHETIC_PEAK)

    def carried(self) -> Synthetic:
        """Return the sound itself: there is no file to carry."""
        return self


Source = Recording | Synthetic


@dataclass(frozen=True, kw_only=True, slots=True)
class Extraction:
    """What is made of every source."""

    spec: FeatureSpec
    product: Literal["frames", "inputs"] = "frames"
    """``frames``: the features of every frame, shape (n_frames, n_features), before layout and
    norm; ``inputs``: what the network takes, shape ``spec.shape``."""
    n_copies: int
    augmentation: AugmentSettings | tuple[Transform, ...]
    """What makes a copy differ from the recording."""
    seed: int
    rooms: tuple[Recording, ...] = ()
    """Impulse responses of measured rooms, for copies."""
    noises: tuple[Recording, ...] = ()
    """Recordings that a `Noise` with a folder draws from, for copies."""

    def __post_init__(self) -> None:
        if self.n_copies and not isinstance(self.augmentation, AugmentSettings):
            self._refuse_absent(self.augmentation)

    def _refuse_absent(self, transforms: tuple[Transform, ...]) -> None:
        for transform in transforms:
            if isinstance(transform, Room | Noise) and transform.folder:
                found = self.rooms if isinstance(transform, Room) else self.noises
                if not found:
                    raise NoInputError(
                        f"the recipe's augmentation of kind {transform.kind!r} needs recordings "
                        f"in the folder {transform.folder}, but the data folder has none there"
                    )

    def key(self, source: Source) -> str:
        """Return the name that the features of a source have in the cache."""
        parts: dict[str, Any] = {
            "spec": self.spec.fingerprint(),
            "n_copies": self.n_copies,
            "augmentation": tables.to_table(self.augmentation) if self.n_copies else None,
            "seed": self.seed if self.n_copies else None,
            "rooms": [room.content for room in self.rooms] if self.n_copies else None,
            "content": source.content,
            "length_s": source.length_s if isinstance(source, Synthetic) else None,
        }
        # Absent where they say nothing, so that caches from before there were inputs stay valid.
        if self.product != "frames":
            parts["product"] = self.product
        if self.noises and self.n_copies:
            parts["noises"] = [noise.content for noise in self.noises]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def run(self, source: Source) -> list[FloatArray]:
        """Return the features of the source, then those of each copy.

        What is drawn depends on the seed and the source's content, not on the order of the work.
        """
        # Else products of matrices, and with them the features, would be rounded by how many cores
        # there are for each process.
        with threadpool_limits(limits=1, user_api="blas"):
            return self._run(source)

    def _run(self, source: Source) -> list[FloatArray]:
        original = source.samples(sample_rate_hz=self.spec.sample_rate_hz)
        entropy = hashlib.sha256(f"{self.seed} {source.content}".encode()).digest()
        rng = np.random.default_rng(np.frombuffer(entropy, np.uint32))
        copies = [self._copy(original, rng) for _ in range(self.n_copies)]
        return [self._features(samples) for samples in (original, *copies)]

    def carried(self) -> Extraction:
        """Return the same with the bytes of its rooms and noises, for another machine."""
        return dataclasses.replace(
            self,
            rooms=tuple(room.carried() for room in self.rooms),
            noises=tuple(noise.carried() for noise in self.noises),
        )

    def _copy(self, samples: FloatArray, rng: np.random.Generator) -> FloatArray:
        rate_hz = self.spec.sample_rate_hz
        rooms = _loaded(self.rooms, rate_hz)
        if isinstance(self.augmentation, AugmentSettings):
            return augment.augment(
                samples, sr=rate_hz, rooms=rooms, settings=self.augmentation, rng=rng
            )
        surroundings = waveform.Surroundings(
            sample_rate_hz=rate_hz, rooms=rooms, noises=_loaded(self.noises, rate_hz)
        )
        return waveform.apply(self.augmentation, samples, surroundings=surroundings, rng=rng)

    def _features(self, samples: FloatArray) -> FloatArray:
        missing = self.spec.framing.n_fft - len(samples)
        padded = np.pad(samples, (0, max(0, missing)))
        make = oracle.frames_of if self.product == "frames" else oracle.extract
        return make(padded, self.spec)


@lru_cache(maxsize=2)
def _loaded(recordings: tuple[Recording, ...], sample_rate_hz: int) -> tuple[FloatArray, ...]:
    return tuple(each.heard(sample_rate_hz=sample_rate_hz) for each in recordings)
