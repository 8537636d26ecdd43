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

from edge.contract.labels import EMOTIONS
from edge.errors import AudioDataError, ConfigError, NoInputError
from trainer import splits
from trainer.cache import Extraction, FeatureCache, Recording, Source, Synthetic
from trainer.corpora import CORPORA
from trainer.corpora.base import Corpus, LeftOut, Utterance, recordings
from trainer.logmel import mel_power_spec
from trainer.recipe import Recipe, RecordedNonVoice
from trainer.specaugment import voiced_span
from trainer.splits import Split

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

    split: Split
    voices: dict[str, tuple[Voice, ...]]
    """By part of the split: ``train``, ``validation``."""
    others: dict[str, tuple[FloatArray, ...]]
    """Mel powers of training sounds without a voice, by kind."""
    left_out: tuple[LeftOut, ...]


def find_split(recipe: Recipe, folder: Path) -> tuple[Split, tuple[LeftOut, ...]]:
    """Find the recipe's recordings and split them by its speakers.

    Raises
    ------
    NoInputError
        If a corpus is absent.
    LeakageError
        If a speaker or a recording stands on two sides.
    """
    utterances: list[Utterance] = []
    left_out: list[LeftOut] = []
    for use in recipe.corpora:
        found = corpus_named(use.name).find(folder / use.name)
        utterances.extend(found.utterances)
        left_out.extend(found.left_out)
    split = splits.by_names(
        utterances,
        validation=[s for use in recipe.corpora for s in use.validation_speakers],
        test=[s for use in recipe.corpora for s in use.test_speakers],
    )
    splits.refuse_shared_speakers(split)
    return split, tuple(left_out)


def prepare(recipe: Recipe, folder: Path, cache: FeatureCache) -> DataSet:
    """Read all that a training needs; the test speakers are not even opened.

    Raises
    ------
    NoInputError, AudioDataError, LeakageError
    """
    split, left_out = find_split(recipe, folder)
    hashes = {u.path: splits.content_hash(u.path) for p in split.parts().values() for u in p}
    splits.refuse_shared_recordings(split, hashes)
    extraction = _extraction(recipe, folder)
    original = dataclasses.replace(extraction, n_copies=0)
    train, refused = _voices(split.train, hashes, cache, extraction, "training voices")
    validation, also = _voices(split.validation, hashes, cache, original, "validation voices")
    unusable = refused + also
    _report(unusable, n_clips=len(split.train) + len(split.validation))
    return DataSet(
        split=split,
        voices={"train": train, "validation": validation},
        others=_others(recipe, folder, cache, extraction),
        left_out=left_out + unusable,
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


def emotion_index(utterance: Utterance) -> int:
    """Return the position of the utterance's emotion among the outputs."""
    return EMOTIONS.index(utterance.emotion)


def corpus_named(name: str) -> Corpus:
    """Return a corpus.

    Raises
    ------
    ConfigError
        If no corpus has that name.
    """
    if name not in CORPORA:
        raise ConfigError(f"unknown corpus {name!r}; known are {', '.join(sorted(CORPORA))}")
    return CORPORA[name]


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _recording(path: Path) -> Recording:
    return Recording(path=path, content=splits.content_hash(path))


def _extraction(recipe: Recipe, folder: Path) -> Extraction:
    rooms: list[Path] = []
    if recipe.non_voice.rooms_folder:
        rooms = recordings(folder / recipe.non_voice.rooms_folder)
    return Extraction(
        spec=mel_power_spec(recipe.features),
        n_copies=recipe.copies.n_copies,
        augmentation=recipe.copies.settings,
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


def _report(refused: Sequence[LeftOut], *, n_clips: int) -> None:
    for item in refused:
        _log.warning("left out: %s", item.reason)
    if len(refused) > LARGEST_REFUSED_SHARE * n_clips:
        raise AudioDataError(
            f"{len(refused)} of {n_clips} recordings cannot be used, at most "
            f"{LARGEST_REFUSED_SHARE:.0%} may be; the first: {refused[0].reason}"
        )


def _others(
    recipe: Recipe, folder: Path, cache: FeatureCache, extraction: Extraction
) -> dict[str, tuple[FloatArray, ...]]:
    plan: dict[str, list[Source]] = {}
    for recorded in recipe.non_voice.recorded:
        paths = non_voice_recordings(recorded, folder)["train"]
        plan.setdefault(recorded.kind, []).extend(map(_recording, paths))
    if recipe.non_voice.n_synthetic:
        plan["synthetic"] = list(_synthetic(recipe))
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


def _synthetic(recipe: Recipe) -> Iterable[Synthetic]:
    for number in range(recipe.non_voice.n_synthetic):
        yield Synthetic(
            content=f"synthetic-{recipe.seed}-{number}",
            seed=recipe.seed,
            number=number,
            length_s=recipe.non_voice.synthetic_s,
        )
