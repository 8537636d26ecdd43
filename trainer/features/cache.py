"""Frames of recordings and of their augmented copies, made once, in parallel, and kept on disk.

A file of the cache is named by everything that went into it: the FeatureSpec's fingerprint, the
settings of the augmentation, its seed and rooms, and the content of the recording.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge.contract import tables
from edge.contract.spec import FeatureSpec
from edge.errors import AudioDataError
from trainer import audio, features, nonvoice
from trainer.augment import AugmentSettings, augment
from trainer.corpora.base import LeftOut

FloatArray = NDArray[np.float32]

_SYNTHETIC_PEAK = 0.3


def default_folder() -> Path:
    """Return where the cache lies unless it is said otherwise (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ser-trainer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """Sound from a file; `content` is the hash of its bytes."""

    path: Path
    content: str

    def samples(self, *, sample_rate_hz: int) -> FloatArray:
        """Return the sound; raises `AudioDataError` where it cannot be used."""
        samples = audio.load(self.path, sample_rate_hz=sample_rate_hz)
        audio.refuse_silence(samples, self.path)
        return samples


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


Source = Recording | Synthetic


@dataclass(frozen=True, kw_only=True, slots=True)
class Extraction:
    """What is made of every source."""

    spec: FeatureSpec
    n_copies: int
    augmentation: AugmentSettings
    seed: int
    rooms: tuple[Recording, ...]

    def key(self, source: Source) -> str:
        """Return the name that the frames of a source have in the cache."""
        parts = {
            "spec": self.spec.fingerprint(),
            "n_copies": self.n_copies,
            "augmentation": tables.to_table(self.augmentation) if self.n_copies else None,
            "seed": self.seed if self.n_copies else None,
            "rooms": [room.content for room in self.rooms] if self.n_copies else None,
            "content": source.content,
            "length_s": source.length_s if isinstance(source, Synthetic) else None,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def run(self, source: Source) -> list[FloatArray]:
        """Return the frames of the source, then those of each copy.

        What is drawn depends on the seed and the source's content, not on the order of the work.
        """
        rate_hz = self.spec.sample_rate_hz
        original = source.samples(sample_rate_hz=rate_hz)
        entropy = hashlib.sha256(f"{self.seed} {source.content}".encode()).digest()
        rng = np.random.default_rng(np.frombuffer(entropy, np.uint32))
        rooms = _rooms(self.rooms, rate_hz) if self.n_copies else ()
        copies = [
            augment(original, sr=rate_hz, rooms=rooms, settings=self.augmentation, rng=rng)
            for _ in range(self.n_copies)
        ]
        return [self._frames(samples) for samples in (original, *copies)]

    def _frames(self, samples: FloatArray) -> FloatArray:
        missing = self.spec.framing.n_fft - len(samples)
        return features.frames_of(np.pad(samples, (0, max(0, missing))), self.spec)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """Frames of sources, and the sources that could not be used."""

    versions: dict[str, tuple[FloatArray, ...]]
    """By the source's content: the original's frames, then each copy's."""
    refused: tuple[LeftOut, ...]


class FeatureCache:
    """The cache in one folder.

    Parameters
    ----------
    folder : Path
        Made when it is missing; may be deleted at any time.
    n_processes : int
        Processes that extract in parallel.
    """

    def __init__(self, folder: Path, *, n_processes: int) -> None:
        self._folder = folder
        self._n_processes = n_processes

    def fetch(self, sources: Sequence[Source], extraction: Extraction, *, title: str) -> Fetched:
        """Return the frames of all sources; what is not in the cache is made first.

        A recording that cannot be decoded, is empty or is silent is refused by name, not an error:
        the caller decides how many of those are too many.

        Parameters
        ----------
        sources : sequence of Source
        extraction : Extraction
        title : str
            Stands before the progress bar.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        paths = {s.content: self._folder / f"{extraction.key(s)}.npz" for s in sources}
        missing = [s for s in sources if not paths[s.content].exists()]
        complaints = self._extract(missing, paths, extraction, title)
        refused = tuple(
            LeftOut(path=source.path, reason=complaint)
            for source, complaint in zip(missing, complaints, strict=True)
            if complaint and isinstance(source, Recording)
        )
        return Fetched(
            versions={key: _read(path) for key, path in paths.items() if path.exists()},
            refused=refused,
        )

    def _extract(
        self,
        sources: Sequence[Source],
        paths: dict[str, Path],
        extraction: Extraction,
        title: str,
    ) -> list[str]:
        if not sources:
            return []
        # Not fork: a process that has loaded TensorFlow or numba does not survive it. Ctrl-C is for
        # the parent alone; its children end with it.
        pool = ProcessPoolExecutor(
            self._n_processes,
            mp_context=get_context("spawn"),
            initializer=signal.signal,
            initargs=(signal.SIGINT, signal.SIG_IGN),
        )
        work = pool.map(
            _extract_one,
            sources,
            [paths[source.content] for source in sources],
            [extraction] * len(sources),
            chunksize=8,
        )
        try:
            return list(tqdm(work, total=len(sources), desc=title, unit="clip", disable=None))
        finally:
            pool.shutdown(cancel_futures=True)


def _extract_one(source: Source, path: Path, extraction: Extraction) -> str:
    """Fill one file of the cache; return why it is impossible, or nothing."""
    try:
        versions = extraction.run(source)
    except AudioDataError as error:
        return str(error)
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(file, frames=np.concatenate(versions), lengths=[len(v) for v in versions])
    part.replace(path)
    return ""


def _read(path: Path) -> tuple[FloatArray, ...]:
    with np.load(path) as stored:
        ends = np.cumsum(stored["lengths"])
        return tuple(np.split(stored["frames"], ends[:-1]))


@lru_cache(maxsize=1)
def _rooms(rooms: tuple[Recording, ...], sample_rate_hz: int) -> tuple[FloatArray, ...]:
    return tuple(audio.load(room.path, sample_rate_hz=sample_rate_hz) for room in rooms)
