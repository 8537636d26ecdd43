"""Feature augmentation of batches of clips: SpecAugment's masks, and mixup."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.examples import specaugment
from trainer.recipe.learning import Masks

FloatArray = NDArray[np.float32]


def mask(inputs: FloatArray, masks: Masks, rng: np.random.Generator) -> FloatArray:
    """Cover stripes of frames and of features with each image's mean; see `specaugment.mask`.

    Parameters
    ----------
    inputs : (n, n_frames, n_features, 1) array
    masks : Masks
    rng : numpy.random.Generator
    """
    covered = [specaugment.mask(image[..., 0], masks, rng) for image in inputs]
    return np.stack(covered)[..., np.newaxis]


def mixup(
    inputs: FloatArray, targets: FloatArray, *, alpha: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Blend each example with another of the batch, inputs and targets alike.

    Parameters
    ----------
    inputs : (n, ...) array
    targets : (n, n_classes) array
    alpha : float
        Both parameters of the beta distribution that the share is drawn from.
    rng : numpy.random.Generator

    Notes
    -----
    Zhang H et al. (2018) mixup: beyond empirical risk minimization. ICLR.
    """
    share = rng.beta(alpha, alpha, len(inputs)).astype(np.float32)
    other = rng.permutation(len(inputs))
    wide = share.reshape(-1, *(1,) * (inputs.ndim - 1))
    mixed = wide * inputs + (1 - wide) * inputs[other]
    return mixed, share[:, np.newaxis] * targets + (1 - share[:, np.newaxis]) * targets[other]
