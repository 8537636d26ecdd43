from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.contract.bundle import ModelBundle
from edge.contract.manifest import Standardiser
from edge.dsp import extract
from edge.errors import BundleError
from edge.infer.classifier import EmotionClassifier
from tests.fakes.sound import bundled, classifier, sample

SHAPE = bundled().manifest.features.shape


def standardised(mean: np.ndarray, scale: np.ndarray) -> ModelBundle:
    fitted = Standardiser(mean=tuple(mean.ravel().tolist()), scale=tuple(scale.ravel().tolist()))
    return replace(bundled(), manifest=replace(bundled().manifest, standardise=fitted))


def test_each_number_of_a_window_is_standardised_by_its_own() -> None:
    rng = np.random.default_rng(2)
    mean = rng.normal(size=SHAPE).astype(np.float32)
    scale = rng.uniform(0.5, 2.0, SHAPE).astype(np.float32)
    window = extract(sample()[32000:], bundled().manifest.features)
    found = EmotionClassifier(standardised(mean, scale)).logits(window)
    np.testing.assert_array_equal(found, classifier().logits((window - mean) / scale))
    assert not np.array_equal(found, classifier().logits(window))


@pytest.mark.parametrize(("n_means", "n_scales"), [(3, 12288), (12288, 64), (0, 0)])
def test_a_standardisation_of_another_size_is_refused(n_means: int, n_scales: int) -> None:
    with pytest.raises(BundleError, match=f"has {n_means} means and {n_scales} scales, but .*192"):
        EmotionClassifier(standardised(np.zeros(n_means), np.ones(n_scales)))
