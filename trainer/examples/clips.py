"""Whole recordings as examples: one array of features for each, as the classic systems have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.contract.manifest import Standardiser
from trainer.corpora.base import LeftOut, Utterance, recordings
from trainer.corpora.targets import target
from trainer.examples import leakage
from trainer.examples.dataset import refuse_damage
from trainer.examples.gather import content_hashes
from trainer.examples.splits import Split
from trainer.features.cache import FeatureCache
from trainer.features.extraction import Extraction, Recording
from trainer.recipe.learning import ClipLearning
from trainer.recipe.schema import Recipe
from trainer.sound.waveform import Noise, Room

FloatArray = NDArray[np.float32]

_LEAST_SCALE = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Examples:
    """Inputs with their labels; an augmented copy is an example of its own."""

    inputs: FloatArray
    """Shape (n, *spec.shape), before standardisation."""
    truth: NDArray[np.int64]
    """Shape (n,): index of the right label."""
    weights: FloatArray
    """Shape (n,): how much each counts, by its corpus."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipSet:
    """What a training on whole clips needs of the recordings."""

    train: Examples
    validation: Examples
    left_out: tuple[LeftOut, ...]


def prepare(
    recipe: Recipe, learning: ClipLearning, split: Split, data: Path, cache: FeatureCache
) -> ClipSet:
    """Read all that a training needs; of the test recordings only that they are no others' copies.

    Raises
    ------
    NoInputError, AudioDataError, LeakageError
    """
    hashes = content_hashes(split)
    reader = _Reader(recipe, hashes, cache)
    with_copies = _extraction(recipe, learning, data, n_copies=learning.n_copies)
    plain = _extraction(recipe, learning, data, n_copies=0)
    train, refused = reader.examples(split.train, with_copies, title="training clips")
    validation, also = reader.examples(split.validation, plain, title="validation clips")
    unusable = refused + also
    refuse_damage(unusable, n_clips=len(split.train) + len(split.validation))
    return ClipSet(train=train, validation=validation, left_out=unusable)


def standardiser(inputs: FloatArray) -> Standardiser:
    """Return each feature's mean and deviation over the examples; a constant feature keeps 1.

    Parameters
    ----------
    inputs : (n, *shape) array
    """
    flat = inputs.reshape(len(inputs), -1).astype(np.float64)
    deviation = flat.std(axis=0)
    scale = np.where(deviation > _LEAST_SCALE, deviation, 1.0)
    return Standardiser(
        mean=tuple(flat.mean(axis=0).astype(np.float32).tolist()),
        scale=tuple(scale.astype(np.float32).tolist()),
    )


def standardised(inputs: FloatArray, fitted: Standardiser | None) -> FloatArray:
    """Apply a standardiser, as the device does, to inputs of shape (n, *shape)."""
    if fitted is None:
        return inputs
    shape = inputs.shape[1:]
    mean = np.array(fitted.mean, np.float32).reshape(shape)
    scale = np.array(fitted.scale, np.float32).reshape(shape)
    return (inputs - mean) / scale


class _Reader:
    def __init__(self, recipe: Recipe, hashes: Mapping[Path, str], cache: FeatureCache) -> None:
        self._recipe = recipe
        self._hashes = hashes
        self._cache = cache
        self._weights = {use.name: use.weight for use in recipe.corpora}

    def examples(
        self, utterances: Sequence[Utterance], extraction: Extraction, *, title: str
    ) -> tuple[Examples, tuple[LeftOut, ...]]:
        sources = [Recording(path=u.path, content=self._hashes[u.path]) for u in utterances]
        fetched = self._cache.fetch(sources, extraction, title=title)
        rows = [
            (version, self._index(u), self._weights[u.corpus])
            for u in utterances
            for version in fetched.versions.get(self._hashes[u.path], ())
        ]
        shape = (len(rows), *self._recipe.features.shape)
        inputs = np.array([version for version, _, _ in rows], np.float32).reshape(shape)
        examples = Examples(
            inputs=inputs,
            truth=np.array([index for _, index, _ in rows], np.int64),
            weights=np.array([weight for _, _, weight in rows], np.float32),
        )
        return examples, fetched.refused

    def _index(self, utterance: Utterance) -> int:
        return self._recipe.labels.index(target(utterance, self._recipe.labels))


def _extraction(recipe: Recipe, learning: ClipLearning, data: Path, *, n_copies: int) -> Extraction:
    rooms = [t.folder for t in learning.waveform if isinstance(t, Room)]
    noises = [t.folder for t in learning.waveform if isinstance(t, Noise) and t.folder]
    return Extraction(
        spec=recipe.features,
        product="inputs",
        n_copies=n_copies,
        augmentation=learning.waveform,
        seed=recipe.seed,
        rooms=_recordings(data, rooms),
        noises=_recordings(data, noises),
    )


def _recordings(data: Path, folders: Sequence[str]) -> tuple[Recording, ...]:
    paths = sorted({path for folder in folders for path in recordings(data / folder)})
    return tuple(Recording(path=p, content=leakage.content_hash(p)) for p in paths)
