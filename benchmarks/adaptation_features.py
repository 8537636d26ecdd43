"""The other candidate: each band of the spectrum less this person's mean, as of the training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.adaptation_material import Clip, Studio
from benchmarks.adaptation_pools import People, as_usual, by_speaker, fared

N_POOLS = 4
WEIGHTS = (0.25, 0.5, 1.0)
LEAST_SPREAD = 0.05

Bands = NDArray[np.float32]


def feature_lines(studio: Studio, people: People, trained: Sequence[Clip]) -> Iterator[str]:
    """Yield the lines of a table: gains in UAR on people, by how far the means are moved."""
    known = [_moments(clips) for clips in by_speaker(trained).values()]
    mean = np.mean([m for m, _ in known], axis=0)
    spread = np.mean([s for _, s in known], axis=0)
    yield "| moved | mean alone | worst, best person | mean and deviation | worst, best person |"
    yield "|---|---:|---:|---:|---:|"
    for weight in WEIGHTS:
        cells = []
        for target in (None, spread):
            gains = [
                _gain(studio, clips, weight, mean=mean, spread=target) for clips in people.values()
            ]
            cells.append(f"{np.mean(gains):+.1f} | {min(gains):+.1f}, {max(gains):+.1f}")
        yield f"| {weight:g} | {' | '.join(cells)} |"


def _gain(
    studio: Studio, clips: Sequence[Clip], weight: float, *, mean: Bands, spread: Bands | None
) -> float:
    gains = []
    for seed in range(N_POOLS):
        pool, judged = as_usual(clips, np.random.default_rng(seed))
        own_mean, own_spread = _moments(pool)
        scale = 1.0 if spread is None else (spread / own_spread) ** weight

        def moved(clip: Clip, scale: float | Bands = scale, own: Bands = own_mean) -> Clip:
            features = (clip.features.astype(np.float32) - own) * scale + own
            return replace(
                clip, posteriors=studio.again(_standard(features + weight * (mean - own)))
            )

        after = fared([moved(clip) for clip in judged], studio.labels, dict)
        gains.append(after.uar - fared(judged, studio.labels, dict).uar)
    return 100 * float(np.mean(gains))


def _moments(clips: Sequence[Clip]) -> tuple[Bands, Bands]:
    windows = [clip.features[clip.is_voice].astype(np.float32) for clip in clips]
    everything = np.concatenate([w for w in windows if len(w)])
    return everything.mean(axis=(0, 1)), everything.std(axis=1).mean(axis=0)


def _standard(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return windows normalised anew, as the model's norm has it."""
    centred = features - features.mean(axis=(1, 2), keepdims=True)
    return centred / np.maximum(features.std(axis=(1, 2), keepdims=True), LEAST_SPREAD)
