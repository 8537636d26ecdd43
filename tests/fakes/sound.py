"""The bundled model and sample, and ways of cutting sound."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import numpy as np

from edge.app import models
from edge.contract.bundle import ModelBundle
from edge.devices.recording import read_recording
from edge.infer.classifier import EmotionClassifier
from edge.stream.blocks import AudioBlock
from tests.support import REPOSITORY

SAMPLE = REPOSITORY / "edge" / "samples" / "room.flac"


@cache
def bundled() -> ModelBundle:
    return ModelBundle.load(models.bundled_model())


@cache
def classifier() -> EmotionClassifier:
    return EmotionClassifier(bundled())


@cache
def sample() -> np.ndarray:
    """The bundled sample at 16 kHz."""
    samples, rate_hz = read_recording(SAMPLE)
    assert rate_hz == 16000
    return samples


def block(samples: np.ndarray, *, rate_hz: int = 16000, n_lost: int = 0) -> AudioBlock:
    return AudioBlock(samples=samples, sample_rate_hz=rate_hz, n_lost=n_lost)


def cut(samples: np.ndarray, places: list[int], *, rate_hz: int = 16000) -> Iterator[AudioBlock]:
    edges = [0, *sorted(p for p in places if p < len(samples)), len(samples)]
    for start, stop in pairwise(edges):
        yield block(samples[start:stop], rate_hz=rate_hz)
