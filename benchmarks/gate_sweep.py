"""Choose the thresholds of the speech gate without its test material.

Usage: python -m benchmarks.gate_sweep [--data DIR]

The fit's own material in three folds: no speaker, recording or tune is in two. For each fold a
network is fitted on the other two and judged on this one, as `benchmarks.gate` judges.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.gate import (
    MIN_SPEECH_S,
    Trial,
    average,
    beds_of,
    found,
    hysteresis,
    noise_trials,
    speech_trials,
    steady_trials,
)
from benchmarks.gate_fit import Material, Weights, features_of, fitted, material
from benchmarks.gate_material import RATE_HZ, stream, truth_of
from edge.stream.vad import DEFAULT_GATE
from edge.stream.vad_measures import FRAME_S, FrameMeasures

N_FOLDS = 3
SETTINGS = (
    (0.4, 0.2, 0.2),
    (0.3, 0.15, 0.2),
    (0.3, 0.15, 0.4),
    (0.2, 0.1, 0.1),
    (0.2, 0.1, 0.2),
    (0.2, 0.1, 0.4),
    (0.15, 0.07, 0.2),
    (0.1, 0.05, 0.2),
)
"""enter_probability, leave_probability, hangover_s."""


def fold_of(known: Material, fold: int) -> tuple[Material, Material]:
    """Return what is fitted on and what is held out."""
    rest, held = ([i for i in range(99) if (i % N_FOLDS == fold) == h] for h in (False, True))
    return _only(known, rest), _only(known, held)


def _only(known: Material, places: list[int]) -> Material:
    return Material(
        voices=[clips for i, clips in enumerate(known.voices) if i in places],
        kinds={
            kind: [sound for i, sound in enumerate(sounds) if i in places or len(sounds) == 1]
            for kind, sounds in known.kinds.items()
        },
        rooms=known.rooms,
    )


def trials(held: Material) -> Iterator[Trial]:
    rng = np.random.default_rng(7)
    streams = [stream("", [(clip, truth_of(clip)) for clip in clips], rng) for clips in held.voices]
    rooms = {str(i): response for i, response in enumerate(held.rooms)}
    yield from speech_trials(streams, rooms, beds_of(held.kinds))
    yield from noise_trials(held.kinds)
    yield from steady_trials()
