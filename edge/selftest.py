"""The model's golden cases computed anew, to see that nothing drifted."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from edge.contract.golden import FEATURE_TOLERANCE, LOGIT_STEPS, Deviation, GoldenCase, compare
from edge.dsp import extract
from edge.errors import GoldenMismatchError
from edge.infer.classifier import EmotionClassifier

_FLOAT_TOLERANCE: Final = 1e-2
"""Largest difference of a float output, relative to the largest where that is above 1.

Files with float32 weights differ by 2e-6 between the runtimes. Those of the precision "dynamic"
differ by up to 3e-3, since each runtime rounds activations to int8 in its own way.
"""


def golden_deviations(classifier: EmotionClassifier) -> tuple[Deviation, ...]:
    """Compute every golden case of the classifier's model and return how far each is off.

    Float outputs count relative to the largest of their case, where that is above 1.

    Raises
    ------
    GoldenMismatchError
        If one is farther off than `logit_tolerance` or `FEATURE_TOLERANCE`.
    """
    bundle = classifier.bundle
    deviations = tuple(_deviation(classifier, case) for case in bundle.golden)
    tolerance = logit_tolerance(classifier)
    for found in deviations:
        if found.features > FEATURE_TOLERANCE or found.logits > tolerance:
            raise GoldenMismatchError(
                f"{bundle.manifest.name}: golden case {found.name!r} is off by "
                f"{found.features:.2g} in its features (at most {FEATURE_TOLERANCE:g}) and "
                f"{found.logits:.2g} in its outputs (at most {tolerance:.2g}) with "
                f"{classifier.runtime}; do not use this model on this machine"
            )
    return deviations


def logit_tolerance(classifier: EmotionClassifier) -> float:
    """Return the largest allowed difference of an output, as `golden_deviations` counts it."""
    scale = classifier.bundle.manifest.output_tensor.scale
    return (LOGIT_STEPS + 0.01) * scale if scale else _FLOAT_TOLERANCE


def _deviation(classifier: EmotionClassifier, case: GoldenCase) -> Deviation:
    features = extract(case.samples, classifier.bundle.manifest.features)
    found = compare(case, features=features, logits=classifier.logits(features))
    if classifier.bundle.manifest.output_tensor.scale:
        return found
    # Outputs that are no steps are as exact as the largest of them.
    size = max(1.0, float(np.abs(case.logits).max()))
    return replace(found, logits=found.logits / size)
