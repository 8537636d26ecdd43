"""From a recipe and a folder to what training draws from: mel powers of voices and others."""

from __future__ import annotations

import dataclasses
import fnmatch
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import AudioDataError, NoInputError
from trainer import corpora
from trainer.corpora.base import LeftOut, Utterance, recordings
from trainer.examples import leakage
from trainer.examples.gather import content_hashes
from trainer.examples.specaugment import voiced_span
from trainer.examples.splits import Split
from trainer.features.cache import FeatureCache
from trainer.features.extraction import Extraction, Recording, Source, Synthetic
from trainer.features.logmel import mel_power_spec
from trainer.recipe.learning import NonVoice, RecordedNonVoice, WindowLearning
from trainer.recipe.schema import Recipe

FloatArray = NDArray[np.float32]

LARGEST_REFUSED_SHARE = 0.01
"""Share of unusable recordings above which a data set is taken to be damaged."""

_VOICE_BELOW_PEAK_DB = 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A recording, or an augmented copy of it, as mel power over time."""

    power: FloatArray
    """Shape (n_frames, n_bands)."""
    voice: tuple[int, int]
    """First frame of the voice and the frame after its last."""
    level: float
    """Mean power of the voice's loud frames, summed over bands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """An utterance with all its versions; the first is the original."""

    utterance: Utterance
    versions: tuple[Version, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DataSet:
    """Everything that a training needs of the recordings."""

    voices: dict[str, tuple[Voice, ...]]
    """By part of the split: ``train``, ``validation``."""
    others: dict[str, tuple[FloatArray, ...]]
    """Mel powers of training sounds without a voice, by kind."""
    emotions: dict[str, tuple[str, ...]]
    """What each corpus can hold."""
    left_out: tuple[LeftOut, ...]


def prepare(
    recipe: Recipe, learning: WindowLearning, split: Split, data: Path, cache: FeatureCache
) -> DataSet:
    """Read all that a training needs; of the test recordings only that they are no others' copies.

    Raises
    ------
    NoInputError, AudioDataError, LeakageError
    """
    hashes = content_hashes(split)
    extraction = _extraction(recipe, learning, data)
    original = dataclasses.replace(extraction, n_copies=0)
    train, refused = _voices(split.train, hashes, cache, extraction, "training voices")
    validation, also = _voices(split.validation, hashes, cache, original, "validation voices")
    unusable = refused + also
    refuse_damage(unusable, n_clips=len(split.train) + len(split.validation))
    return DataSet(
        voices={"train": train, "validation": validation},
        others=_others(recipe, learning, data, cache, extraction),
        emotions={use.name: corpora.corpus(use.name, data).emotions for use in recipe.corpora},
        left_out=unusable,
    )


def non_voice_recordings(source: RecordedNonVoice, folder: Path) -> dict[str, list[Path]]:
    """Return the recordings of a folder without voices, by part: ``train`` and ``test``.

    Raises
    ------
    NoInputError
        If the folder is absent or empty.
    """
    base = folder / source.folder
    found = recordings(base)
    if not found:
        raise NoInputError(f"no recordings of {source.kind} found in {base}; see the recipe")
    parts: dict[str, list[Path]] = {"train": [], "test": []}
    for path in found:
        name = path.relative_to(base).as_posix()
        if not _matches(name, source.leave_out):
            parts["test" if _matches(name, source.test) else "train"].append(path)
    return parts


def refuse_damage(refused: Sequence[LeftOut], *, n_clips: int) -> None:
    """Name every recording that cannot be used, and raise where they are too many.

    Raises
    ------
    AudioDataError
    """
    for item in refused:
        _log.warning("left out: %s", item.reason)
    if len(refused) > LARGEST_REFUSED_SHARE * n_clips:
        raise AudioDataError(
            f"{len(refused)} of {n_clips} recordings cannot be used, at most "
            f"{LARGEST_REFUSED_SHARE:.0%} may be; the first: {refused[0].reason}"
        )


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _recording(path: Path) -> Recording:
    return Recording(path=path, content=leakage.content_hash(path))


def _extraction(recipe: Recipe, learning: WindowLearning, folder: Path) -> Extraction:
    rooms: list[Path] = []
    if learning.non_voice.rooms_folder:
        rooms = recordings(folder / learning.non_voice.rooms_folder)
    return Extraction(
        spec=mel_power_spec(recipe.features),
        n_copies=learning.copies.n_copies,
        augmentation=learning.copies.settings,
        seed=recipe.seed,
        rooms=tuple(_recording(path) for path in rooms),
    )


def _voices(
    utterances: Sequence[Utterance],
    hashes: Mapping[Path, str],
    cache: FeatureCache,
    extraction: Extraction,
    title: str,
) -> tuple[tuple[Voice, ...], tuple[LeftOut, ...]]:
    sources: list[Source] = [Recording(path=u.path, content=hashes[u.path]) for u in utterances]
    fetched = cache.fetch(sources, extraction, title=title)
    voices = [
        Voice(utterance=u, versions=tuple(map(_version, fetched.versions[hashes[u.path]])))
        for u in utterances
        if hashes[u.path] in fetched.versions
    ]
    return tuple(voices), fetched.refused


def _version(power: FloatArray) -> Version:
    level = power.sum(axis=1)
    loud = level > level.max() * 10.0 ** (-_VOICE_BELOW_PEAK_DB / 10.0)
    return Version(
        power=power,
        voice=voiced_span(power, below_peak_db=_VOICE_BELOW_PEAK_DB),
        level=float(level[loud].mean()),
    )


def _others(
    recipe: Recipe,
    learning: WindowLearning,
    folder: Path,
    cache: FeatureCache,
    extraction: Extraction,
) -> dict[str, tuple[FloatArray, ...]]:
    plan: dict[str, list[Source]] = {}
    for recorded in learning.non_voice.recorded:
        paths = non_voice_recordings(recorded, folder)["train"]
        plan.setdefault(recorded.kind, []).extend(map(_recording, paths))
    if learning.non_voice.n_synthetic:
        plan["synthetic"] = list(_synthetic(recipe.seed, learning.non_voice))
    return {
        kind: _frames_of_kind(kind, sources, cache, extraction) for kind, sources in plan.items()
    }


def _frames_of_kind(
    kind: str, sources: Sequence[Source], cache: FeatureCache, extraction: Extraction
) -> tuple[FloatArray, ...]:
    n_copies = 0 if kind == "synthetic" else min(1, extraction.n_copies)
    fewer = dataclasses.replace(extraction, n_copies=n_copies)
    fetched = cache.fetch(sources, fewer, title=f"{kind}, no voice")
    return tuple(power for versions in fetched.versions.values() for power in versions)


def _synthetic(seed: int, non_voice: NonVoice) -> Iterable[Synthetic]:
    for number in range(non_voice.n_synthetic):
        yield Synthetic(
            content=f"synthetic-{seed}-{number}",
            seed=seed,
            number=number,
            length_s=non_voice.synthetic_s,
        )
