"""Temperature scaling on validation speakers, from what the int8 file itself says through the edge.

Guo C et al. (2017) On calibration of modern neural networks. ICML. Thresholds are not tuned here: a
model proposes the constants of its recipe.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from trainer.corpora.targets import spoken, target
from trainer.judging.verdicts import Verdict

_BOUNDS = (0.25, 10.0)
_TINY = 1e-12


def fit_temperature(verdicts: Sequence[Verdict], *, labels: Sequence[str]) -> float:
    """Return the temperature with the least cross-entropy over the windows of validation clips.

    Parameters
    ----------
    verdicts : sequence of Verdict
        Of a model with temperature 1. Log-probabilities are logits but for a constant, so that
        they can be scaled as well as logits.

    Returns
    -------
    float
        From 0.25 to 10; every clip counts the same, however many windows it has.
    """
    logits, truth, weight = _windows(verdicts, spoken(labels))
    if not len(truth):
        return 1.0

    def loss(log_temperature: float) -> float:
        return cross_entropy(logits / np.exp(log_temperature), truth, weight)

    found = minimize_scalar(loss, bounds=np.log(_BOUNDS), method="bounded")
    return float(np.exp(found.x))


def cross_entropy(
    logits: NDArray[np.float64], truth: NDArray[np.int64], weight: NDArray[np.float64]
) -> float:
    """Return the weighted mean of the negative log-likelihood, in nats.

    Parameters
    ----------
    logits : (n_windows, n_emotions) array
    truth : (n_windows,) array
    weight : (n_windows,) array
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    likelihood = shifted[np.arange(len(truth)), truth] - log_sum
    return float(-np.average(likelihood, weights=weight))


def _windows(
    verdicts: Sequence[Verdict], labels: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    rows, truth, weight = [], [], []
    for verdict in verdicts:
        windows = verdict.analysis.windows
        voiced = [w.probabilities for w in windows if w.is_speech and w.probabilities]
        for probabilities in voiced:
            rows.append([np.log(max(probabilities[label], _TINY)) for label in labels])
            truth.append(labels.index(target(verdict.utterance, labels)))
            weight.append(1.0 / len(voiced))
    return np.array(rows), np.array(truth), np.array(weight)
