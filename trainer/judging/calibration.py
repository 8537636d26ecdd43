"""What a confidence is worth: how often it is right, and what is gained by keeping silent.

Clips without a label have no confidence: they are in no bin, and no threshold covers them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.judging import metrics

FloatArray = NDArray[np.floating]
BoolArray = NDArray[np.bool_]

N_POINTS = 20


def reliability(
    confidence: FloatArray, right: BoolArray, *, n_bins: int = metrics.N_BINS
) -> list[dict[str, float]]:
    """Compare confidence and accuracy over bins of equal width.

    Parameters
    ----------
    confidence : (n_labelled,) array of 0 to 1
    right : (n_labelled,) array of bool
    n_bins : int

    Returns
    -------
    list of dict
        ``low``, ``high``, ``n``, ``confidence`` and ``accuracy`` (means) of each bin that holds a
        clip, in ascending order.
    """
    bins = metrics.confidence_bins(confidence, n_bins=n_bins)
    return [
        {
            "low": index / n_bins,
            "high": (index + 1) / n_bins,
            "n": int(np.count_nonzero(bins == index)),
            "confidence": float(confidence[bins == index].mean()),
            "accuracy": float(right[bins == index].mean()),
        }
        for index in np.unique(bins).tolist()
    ]


def coverage(
    confidence: FloatArray, right: BoolArray, *, n_clips: int, n_points: int = N_POINTS
) -> list[dict[str, float]]:
    """Say how accurate the model is where it only speaks above a threshold of confidence.

    Parameters
    ----------
    confidence : (n_labelled,) array of 0 to 1
    right : (n_labelled,) array of bool
    n_clips : int
        All clips, with those that have no label.
    n_points : int

    Returns
    -------
    list of dict
        ``coverage`` (share of all clips), ``threshold`` and ``accuracy`` (of the covered clips)
        for about `n_points` steps of equal width, in descending order of the threshold. The last
        covers all clips that have a label. Clips of one confidence are covered together.
    """
    falling = np.sort(confidence)[::-1]
    wanted = -(-np.arange(1, n_points + 1) * n_clips // n_points)
    wanted = np.minimum(wanted, len(falling))
    thresholds = np.unique(falling[wanted - 1])[::-1] if len(falling) else falling
    return [
        {
            "coverage": float(np.count_nonzero(confidence >= threshold) / n_clips),
            "threshold": float(threshold),
            "accuracy": float(right[confidence >= threshold].mean()),
        }
        for threshold in thresholds
    ]
