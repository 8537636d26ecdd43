"""Short recordings to extract from, and extractions of both kinds."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from edge.contract.spec import FeatureSpec
from tests.fakes.specs import spec
from trainer import recipe
from trainer.features.extraction import Extraction, Recording
from trainer.features.logmel import mel_power_spec
from trainer.recipe.schema import Recipe
from trainer.sound.waveform import Gain, Noise, Pitch, Transform

RECIPE: Recipe = recipe.load("default")

TRANSFORMS: tuple[Transform, ...] = (
    Pitch(kind="pitch", probability=0.5, range_semitones=(-2.0, 2.0)),
    Noise(kind="noise", probability=1.0, snr_range_db=(5.0, 20.0), folder=""),
    Gain(kind="gain", probability=0.5, range_db=(-6.0, 6.0)),
)


def recording(path: Path, samples: np.ndarray) -> Recording:
    soundfile.write(path, samples, 16000, subtype="PCM_16")
    return Recording(path=path, content=hashlib.sha256(path.read_bytes()).hexdigest())


def noise_of(path: Path, *, seed: int, n_samples: int = 16000) -> Recording:
    samples = 0.1 * np.random.default_rng(seed).standard_normal(n_samples)
    return recording(path, samples)


def frames(*, of: FeatureSpec | None = None, **changes: Any) -> Extraction:
    """Return an extraction of mel powers, as windows need it."""
    settings = {
        "n_copies": 1,
        "augmentation": RECIPE.learning.copies.settings,
        "seed": 3,
        "rooms": (),
    }
    return Extraction(spec=mel_power_spec(of or spec()), **settings | changes)


def inputs(*, of: FeatureSpec | None = None, **changes: Any) -> Extraction:
    """Return an extraction of a network's inputs, as clips need it."""
    settings = {"n_copies": 1, "augmentation": TRANSFORMS, "seed": 3}
    return Extraction(spec=of or spec(), product="inputs", **settings | changes)
