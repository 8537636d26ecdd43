"""Figures of merit from labels and predictions, in pure numpy.

UAR (unweighted average recall, or balanced accuracy) is the headline: emotions are uneven.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.integer]
FloatArray = NDArray[np.floating]

NO_LABEL = -1
"""Predicted index of a clip that got no label: it counts as wrong."""

N_BINS = 15
"""Bins of confidence, as Guo et al. have them."""


def confusion(truth: IntArray, predicted: IntArray, *, n_classes: int) -> NDArray[np.int64]:
    """Count pairs of truth and prediction.

    Parameters
    ----------
    truth : (n_clips,) array of 0 to n_classes - 1
    predicted : (n_clips,) array of the same, or `NO_LABEL`
    n_classes : int

    Returns
    -------
    (n_classes, n_classes + 1) array
        Rows are truths; the last column counts clips without a label.
    """
    shape = (n_classes, n_classes + 1)
    columns = np.where(predicted == NO_LABEL, n_classes, predicted)
    cells = np.ravel_multi_index((truth, columns), shape)
    return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)


def accuracy(truth: IntArray, predicted: IntArray) -> float:
    """Return the share of right predictions, 0 to 1; not a number without clips."""
    return float(np.mean(truth == predicted)) if len(truth) else float("nan")


def recalls(truth: IntArray, predicted: IntArray, *, n_classes: int) -> NDArray[np.float64]:
    """Return each class's share of clips found, shape (n_classes,); not a number where absent."""
    table = confusion(truth, predicted, n_classes=n_classes)
    return _ratio(np.diag(table[:, :n_classes]), table.sum(axis=1))


def precisions(truth: IntArray, predicted: IntArray, *, n_classes: int) -> NDArray[np.float64]:
    """Return how often each label is right, shape (n_classes,); not a number where never given."""
    table = confusion(truth, predicted, n_classes=n_classes)[:, :n_classes]
    return _ratio(np.diag(table), table.sum(axis=0))


def uar(truth: IntArray, predicted: IntArray, *, n_classes: int) -> float:
    """Return the mean recall over the classes that occur in `truth`, 0 to 1."""
    found = recalls(truth, predicted, n_classes=n_classes)
    return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")


def macro_f1(truth: IntArray, predicted: IntArray, *, n_classes: int) -> float:
    """Return the mean F1 over the classes that occur in `truth`, 0 to 1."""
    table = confusion(truth, predicted, n_classes=n_classes)
    n_true, given = table.sum(axis=1), table[:, :n_classes]
    f1 = _ratio(2 * np.diag(given), n_true + given.sum(axis=0))
    return float(np.mean(f1[n_true > 0])) if n_true.any() else float("nan")


def expected_calibration_error(
    confidence: FloatArray, right: NDArray[np.bool_], *, n_bins: int = N_BINS
) -> float:
    """Return the mean gap between confidence and accuracy over bins of equal width.

    Parameters
    ----------
    confidence : (n_clips,) array of 0 to 1
        Probability of the predicted label.
    right : (n_clips,) array of bool
    n_bins : int

    Notes
    -----
    Guo C et al. (2017) On calibration of modern neural networks. ICML.
    """
    if not len(confidence):
        return float("nan")
    bins = confidence_bins(confidence, n_bins=n_bins)
    gaps = np.bincount(bins, weights=confidence - right, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(confidence))


def confidence_bins(confidence: FloatArray, *, n_bins: int = N_BINS) -> NDArray[np.int64]:
    """Return which of the bins of equal width each confidence is in; 1 is in the last."""
    return np.minimum((confidence * n_bins).astype(np.int64), n_bins - 1)


def bootstrap_interval(
    figure: Callable[[IntArray], float],
    speakers: Sequence[str],
    *,
    n_draws: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % interval of a figure when whole speakers are drawn with replacement.

    Parameters
    ----------
    figure : callable
        Gets indices of clips and returns the figure over them, whatever their order.
    speakers : sequence of str, one a clip
        Clips of one speaker are not independent, so that speakers are drawn, not clips.
    n_draws : int
    seed : int
    """
    names = np.array(speakers)
    groups = [np.flatnonzero(names == name) for name in sorted(set(speakers))]
    rng = np.random.default_rng(seed)
    draws = np.sort(rng.integers(len(groups), size=(n_draws, len(groups))), axis=1)
    # Few speakers are often drawn alike, and the order of clips changes no figure.
    distinct, which = np.unique(draws, axis=0, return_inverse=True)
    found = np.array([figure(np.concatenate([groups[i] for i in draw])) for draw in distinct])
    low, high = np.nanpercentile(found[which.reshape(-1)], (2.5, 97.5))
    return float(low), float(high)


def _ratio(part: NDArray[np.integer], whole: NDArray[np.integer]) -> NDArray[np.float64]:
    """Divide, with "not a number" where the whole is nothing."""
    safe = np.where(whole > 0, whole, 1)
    return np.where(whole > 0, part / safe, np.nan)
