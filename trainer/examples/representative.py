"""The windows that give the int8 tensors their ranges: stratified, seeded, by the edge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge import dsp
from edge.contract.spec import FeatureSpec
from edge.errors import AudioDataError
from trainer.corpora.base import Utterance
from trainer.sound import audio

FloatArray = NDArray[np.float32]

_NON_VOICE_SHARE = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class RepresentativeWindow:
    """One window and where it comes from."""

    path: Path
    start_s: float
    features: FloatArray
    """Of ``spec.shape``."""


def draw(
    utterances: Sequence[Utterance],
    others: Sequence[Path],
    *,
    spec: FeatureSpec,
    n_windows: int,
    seed: int,
) -> list[RepresentativeWindow]:
    """Draw windows: voices evenly over corpora and emotions, and a fifth without a voice.

    Parameters
    ----------
    utterances : sequence of Utterance
        Training voices.
    others : sequence of Path
        Training recordings without a voice.
    spec : FeatureSpec
    n_windows : int
        Fewer come back where there are fewer recordings.
    seed : int
    """
    rng = np.random.default_rng(seed)
    n_others = min(len(others), round(_NON_VOICE_SHARE * n_windows))
    chosen = [others[i] for i in rng.permutation(len(others))[:n_others]]
    in_turn = _in_turn(utterances, rng)
    paths = [u.path for _, u in zip(range(n_windows - n_others), in_turn, strict=False)]
    return [window for path in paths + chosen for window in _window(path, spec, rng)]


def _in_turn(utterances: Sequence[Utterance], rng: np.random.Generator) -> Iterator[Utterance]:
    """Yield each utterance once, one of every corpus and emotion in turn."""
    strata: dict[tuple[str, str], list[Utterance]] = defaultdict(list)
    for i in rng.permutation(len(utterances)):
        strata[utterances[i].corpus, utterances[i].emotion].append(utterances[i])
    piles = [pile for _, pile in sorted(strata.items())]
    while piles:
        for pile in piles:
            yield pile.pop()
        piles = [pile for pile in piles if pile]


def _window(
    path: Path, spec: FeatureSpec, rng: np.random.Generator
) -> Iterator[RepresentativeWindow]:
    try:
        samples = audio.load(path, sample_rate_hz=spec.sample_rate_hz)
    except AudioDataError:
        return  # Counted and named when the training set was read.
    start = int(rng.integers(max(1, len(samples) - spec.window_length + 1)))
    yield RepresentativeWindow(
        path=path,
        start_s=start / spec.sample_rate_hz,
        features=dsp.extract(samples[start:], spec),
    )
