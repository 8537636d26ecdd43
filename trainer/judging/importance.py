"""Which features a model lives on: what it loses when one group of them no longer tells anything.

Vectors: the group's numbers are dealt to other clips (permutation importance). Images: the group's
bands get their mean over all frames of all clips. Features and answers are the edge's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge.contract.bundle import ModelBundle
from edge.contract.spec import FeatureSpec, Pooled
from edge.dsp.extract import extract
from edge.errors import UsageError
from edge.infer.classifier import EmotionClassifier
from trainer.corpora.base import Utterance
from trainer.corpora.targets import target
from trainer.judging import metrics
from trainer.judging.featuregroups import FeatureGroup, groups_of
from trainer.judging.predictions import spoken_labels
from trainer.judging.subset import stratified
from trainer.sound import audio

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
Answer = Callable[[FloatArray], IntArray]
"""Features of clips, shape (n_clips, ..., n_features), to the index of each clip's label."""

N_DRAWS = 200

_ALL = slice(None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Examples:
    """Clips as a model sees them."""

    features: FloatArray
    """Shape (n_clips, n_frames or n_statistics, n_features)."""
    truth: IntArray
    """Index of each clip's label, shape (n_clips,)."""
    n_classes: int

    def uar(self, predicted: IntArray, chosen: IntArray | slice = _ALL) -> float:
        """Return the figure that importance is measured by, over all clips or those chosen."""
        return metrics.uar(self.truth[chosen], predicted[chosen], n_classes=self.n_classes)


def importance(
    bundle: ModelBundle,
    utterances: Sequence[Utterance],
    *,
    seed: int,
    n_repeats: int = 5,
    n_clips_most: int = 300,
) -> list[dict[str, Any]]:
    """Measure what each group of features is worth to a model.

    Parameters
    ----------
    bundle : ModelBundle
    utterances : sequence of Utterance
        Each with a target among the model's labels. Of a recording that is longer than the model's
        window, its loudest window is taken.
    seed : int
    n_repeats : int
        At least 2.
    n_clips_most : int
        Where there are more, a sample with even labels and speakers is taken.

    Returns
    -------
    list of dict
        ``name``, ``drop`` (of the UAR) and ``deviation`` of each group, as `permutation` has them
        for vectors and `bands` for images.

    Raises
    ------
    UsageError
        If there is no utterance.
    NoInputError, AudioDataError
        If a recording cannot be used.

    Notes
    -----
    Breiman L (2001) Random forests. Machine Learning 45: 5-32. Features that tell the same hide
    each other's worth: a small drop does not mean that a group tells nothing.
    """
    if not utterances:
        raise UsageError("there are no clips to measure on; expected at least one test recording")
    manifest = bundle.manifest
    labels = spoken_labels(bundle)
    chosen = stratified(utterances, labels, n_most=n_clips_most, seed=seed)
    examples = Examples(
        features=_features(chosen, manifest.features),
        truth=np.array([labels.index(target(utterance, labels)) for utterance in chosen]),
        n_classes=len(labels),
    )
    answer = _answer(bundle, n_labels=len(labels))
    groups = groups_of(manifest.features)
    if isinstance(manifest.features.layout, Pooled):
        return permutation(answer, examples, groups, n_repeats=n_repeats, seed=seed)
    return bands(answer, examples, groups, seed=seed)


def permutation(
    answer: Answer,
    examples: Examples,
    groups: Sequence[FeatureGroup],
    *,
    n_repeats: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Deal each group's numbers to other clips, all numbers of a clip together.

    Returns
    -------
    list of dict
        ``drop`` is the mean over the repeats, ``deviation`` their standard deviation (n - 1).
    """
    baseline = examples.uar(answer(examples.features))
    rng = np.random.default_rng(seed)
    rows = []
    for group in _progress(groups):
        dealt = (_dealt(examples.features, group, rng) for _ in range(n_repeats))
        drops = [baseline - examples.uar(answer(features)) for features in dealt]
        rows.append(_row(group, drop=float(np.mean(drops)), drops=drops))
    return rows


def bands(
    answer: Answer, examples: Examples, groups: Sequence[FeatureGroup], *, seed: int
) -> list[dict[str, Any]]:
    """Put each band's mean over all frames of all clips in its place.

    Returns
    -------
    list of dict
        ``deviation`` is the standard deviation of the drop over draws of clips with replacement.
    """
    baseline = answer(examples.features)
    rng = np.random.default_rng(seed)
    n_clips = len(examples.truth)
    draws = rng.integers(n_clips, size=(N_DRAWS, n_clips))
    rows = []
    for group in _progress(groups):
        found = answer(_levelled(examples.features, group))
        drop = examples.uar(baseline) - examples.uar(found)
        drops = [examples.uar(baseline, draw) - examples.uar(found, draw) for draw in draws]
        rows.append(_row(group, drop=drop, drops=drops))
    return rows


def _progress(groups: Sequence[FeatureGroup]) -> Iterable[FeatureGroup]:
    bar: Iterable[FeatureGroup] = tqdm(
        groups, desc="importance", unit="group", disable=None, leave=False
    )
    return bar


def _dealt(features: FloatArray, group: FeatureGroup, rng: np.random.Generator) -> FloatArray:
    changed = features.copy()
    changed[..., group.columns] = features[rng.permutation(len(features))][..., group.columns]
    return changed


def _levelled(features: FloatArray, group: FeatureGroup) -> FloatArray:
    changed = features.copy()
    changed[..., group.columns] = features[..., group.columns].mean(axis=(0, 1), dtype=np.float64)
    return changed


def _row(group: FeatureGroup, *, drop: float, drops: Sequence[float]) -> dict[str, Any]:
    return {"name": group.name, "drop": drop, "deviation": float(np.std(drops, ddof=1))}


def _features(utterances: Sequence[Utterance], spec: FeatureSpec) -> FloatArray:
    bar = tqdm(utterances, desc="features", unit="clip", disable=None, leave=False)
    found = [extract(_loudest_window(u.path, spec), spec) for u in bar]
    return np.stack(found).reshape(len(utterances), -1, spec.n_features)


def _loudest_window(path: Path, spec: FeatureSpec) -> FloatArray:
    samples = audio.load(path, sample_rate_hz=spec.sample_rate_hz)
    length = min(spec.window_length, len(samples))
    energy = np.cumsum(np.square(samples, dtype=np.float64))
    within = energy[length - 1 :] - np.concatenate([[0.0], energy[: len(samples) - length]])
    start = int(np.argmax(within))
    return samples[start : start + length]


def _answer(bundle: ModelBundle, *, n_labels: int) -> Answer:
    """Return the model as a function; that a clip holds no voice is not among its answers."""
    classifier, shape = EmotionClassifier(bundle), bundle.manifest.features.shape

    def answer(features: FloatArray) -> IntArray:
        logits = [classifier.logits(clip.reshape(shape)) for clip in features]
        return np.array(logits)[:, :n_labels].argmax(axis=1)

    return answer
