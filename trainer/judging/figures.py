"""All figures of one precision, made from its predictions: plain values, fit for JSON.

What cannot be known (the recall of an emotion that never occurs, the interval of one speaker) is
None. A clip without a label counts as wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.errors import EXIT_BAD_DATA, SerError, UsageError
from trainer.judging import calibration, metrics
from trainer.judging.predictions import Prediction

IntArray = metrics.IntArray
Figure = Callable[[IntArray], float]
Key = TypeVar("Key")


class PredictionsError(SerError, ValueError):
    """Predictions are not of the model that they are judged as."""

    exit_code = EXIT_BAD_DATA


AGE_GROUPS = ("under 30", "30 to 59", "60 and over")

_SEXES = {"F": "female", "M": "male"}


def figures_of(predictions: Sequence[Prediction], labels: Sequence[str]) -> dict[str, Any]:
    """Compute every figure that the report shows.

    Parameters
    ----------
    predictions : sequence of Prediction
        Of one precision; of all its folds and seeds.
    labels : sequence of str
        What a clip may be called, in the order of the tables; without ``non_voice``.

    Returns
    -------
    dict
        Shares are 0 to 1. Intervals hold 95 % of the draws of whole speakers with replacement;
        deviations are those of a sample (n - 1).

    Raises
    ------
    UsageError
        If there is no prediction.
    PredictionsError
        If one has a truth or a prediction that is none of the labels.
    """
    if not predictions:
        raise UsageError("there are no predictions to judge; expected at least one test recording")
    truth, predicted = _indices(predictions, labels)
    n_classes = len(labels)
    labelled = predicted != metrics.NO_LABEL
    confidence = np.array([p.confidence for p in predictions])[labelled]
    right = (truth == predicted)[labelled]
    speakers = [p.speaker for p in predictions]
    return {
        "n_clips": len(predictions),
        "n_without_label": int(np.count_nonzero(~labelled)),
        "labels": list(labels),
        **_headline(truth, predicted, n_classes=n_classes),
        "ece": _known(metrics.expected_calibration_error(confidence, right)),
        "uar_interval": _interval(_uar_over(truth, predicted, n_classes), speakers),
        "accuracy_interval": _interval(_accuracy_over(truth, predicted), speakers),
        "over_folds": _over_folds(predictions, labels),
        "confusion": metrics.confusion(truth, predicted, n_classes=n_classes).tolist(),
        "recall": _recall(predictions, labels),
        "precision": _by_label(metrics.precisions(truth, predicted, n_classes=n_classes), labels),
        "slices": _slices(predictions, labels),
        "reliability": calibration.reliability(confidence, right),
        "coverage": calibration.coverage(confidence, right, n_clips=len(predictions)),
    }


def uar_of(predictions: Sequence[Prediction], labels: Sequence[str]) -> float:
    """Compute the UAR alone; parameters and errors as `figures_of`, but of at least one clip."""
    return metrics.uar(*_indices(predictions, labels), n_classes=len(labels))


def against(
    predictions: Sequence[Prediction], reference: Sequence[Prediction], labels: Sequence[str]
) -> dict[str, Any]:
    """Compare one precision with another on the same clips, speaker by speaker.

    Parameters
    ----------
    predictions, reference : sequence of Prediction
        Of the same clips, folds and seeds, in any order.
    labels : sequence of str

    Returns
    -------
    dict
        ``uar_difference`` is the UAR of `predictions` less that of `reference`; ``interval`` holds
        95 % of the differences when whole speakers are drawn, the same for both, and is None for
        one speaker.

    Raises
    ------
    UsageError
        If they are not of the same clips.
    """
    ours, theirs = sorted(predictions, key=_clip), sorted(reference, key=_clip)
    if not ours or [_clip(p) for p in ours] != [_clip(p) for p in theirs]:
        raise UsageError(
            f"{len(ours)} predictions cannot be compared with {len(theirs)} of the reference; "
            "expected the same clips in both: judge the run again"
        )
    difference = _difference(ours, theirs, labels)
    speakers = [p.speaker for p in ours]
    return {
        "uar_difference": difference(np.arange(len(ours))),
        "interval": _interval(difference, speakers),
    }


def _clip(prediction: Prediction) -> tuple[Any, ...]:
    p = prediction
    return (p.seed, p.fold, p.file, p.speaker, p.truth)


def _difference(
    ours: Sequence[Prediction], theirs: Sequence[Prediction], labels: Sequence[str]
) -> Figure:
    our_uar = _uar_over(*_indices(ours, labels), len(labels))
    their_uar = _uar_over(*_indices(theirs, labels), len(labels))
    return lambda chosen: our_uar(chosen) - their_uar(chosen)


def _indices(predictions: Sequence[Prediction], labels: Sequence[str]) -> tuple[IntArray, IntArray]:
    index = {label: i for i, label in enumerate(labels)} | {"": metrics.NO_LABEL}
    strangers = {word for p in predictions for word in (p.truth, p.predicted)} - index.keys()
    if strangers or any(not p.truth for p in predictions):
        raise PredictionsError(
            f"the predictions name {', '.join(sorted(strangers)) or 'no truth'}; expected one of "
            f"{', '.join(labels)}: judge the run again"
        )
    truth = np.array([index[p.truth] for p in predictions], np.int64)
    predicted = np.array([index[p.predicted] for p in predictions], np.int64)
    return truth, predicted


def _headline(truth: IntArray, predicted: IntArray, *, n_classes: int) -> dict[str, float]:
    return {
        "accuracy": metrics.accuracy(truth, predicted),
        "uar": metrics.uar(truth, predicted, n_classes=n_classes),
        "macro_f1": metrics.macro_f1(truth, predicted, n_classes=n_classes),
    }


def _uar_over(truth: IntArray, predicted: IntArray, n_classes: int) -> Figure:
    return lambda chosen: metrics.uar(truth[chosen], predicted[chosen], n_classes=n_classes)


def _accuracy_over(truth: IntArray, predicted: IntArray) -> Figure:
    return lambda chosen: metrics.accuracy(truth[chosen], predicted[chosen])


def _interval(figure: Figure, speakers: Sequence[str]) -> list[float] | None:
    if len(set(speakers)) == 1:
        return None
    return list(metrics.bootstrap_interval(figure, speakers))


def _over_folds(predictions: Sequence[Prediction], labels: Sequence[str]) -> dict[str, Any]:
    trainings = _grouped(predictions, lambda p: (p.seed, p.fold))
    cells = [
        {"seed": seed, "fold": fold, "n_clips": len(group)}
        | _headline(*_indices(group, labels), n_classes=len(labels))
        for (seed, fold), group in sorted(trainings.items())
    ]
    spread: dict[str, Any] = {"n": len(cells)}
    for name in ("uar", "accuracy", "macro_f1"):
        values = np.array([cell[name] for cell in cells])
        spread[f"{name}_mean"] = float(values.mean())
        spread[f"{name}_deviation"] = float(values.std(ddof=1)) if len(values) > 1 else None
    return spread | {"cells": cells}


def _recall(predictions: Sequence[Prediction], labels: Sequence[str]) -> dict[str, float | None]:
    truth, predicted = _indices(predictions, labels)
    return _by_label(metrics.recalls(truth, predicted, n_classes=len(labels)), labels)


def _by_label(values: NDArray[np.float64], labels: Sequence[str]) -> dict[str, float | None]:
    return {label: _known(value) for label, value in zip(labels, values.tolist(), strict=True)}


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _age_group(prediction: Prediction) -> str:
    age_years = prediction.age_years
    if age_years is None:
        return ""
    return AGE_GROUPS[(age_years >= 30) + (age_years >= 60)]


_VALUE_OF: Mapping[str, Callable[[Prediction], str]] = MappingProxyType(
    {
        "intensity": lambda p: p.intensity,
        "sex": lambda p: _SEXES.get(p.sex, ""),
        "age": _age_group,
        "corpus": lambda p: p.corpus,
        "speaker": lambda p: p.speaker,
        "text": lambda p: p.text,
    }
)
"""By which each kind of slice parts the clips; empty where it is not known."""


def _slices(predictions: Sequence[Prediction], labels: Sequence[str]) -> dict[str, Any]:
    slices = {}
    for kind, value_of in _VALUE_OF.items():
        groups = _grouped(predictions, value_of)
        groups.pop("", None)
        if len(groups) > 1:
            names = sorted(groups, key=_order_of_slice)
            slices[kind] = {name: _slice(groups[name], labels) for name in names}
    return slices


def _order_of_slice(name: str) -> tuple[int, str]:
    """Sort by name, but the young before the old."""
    return (AGE_GROUPS.index(name) if name in AGE_GROUPS else 0, name)


def _slice(predictions: Sequence[Prediction], labels: Sequence[str]) -> dict[str, Any]:
    truth, predicted = _indices(predictions, labels)
    return {
        "n_clips": len(predictions),
        "uar": metrics.uar(truth, predicted, n_classes=len(labels)),
        "accuracy": metrics.accuracy(truth, predicted),
        "recall": _recall(predictions, labels),
    }


def _grouped(
    predictions: Sequence[Prediction], key_of: Callable[[Prediction], Key]
) -> dict[Key, list[Prediction]]:
    groups: dict[Key, list[Prediction]] = {}
    for prediction in predictions:
        groups.setdefault(key_of(prediction), []).append(prediction)
    return groups
