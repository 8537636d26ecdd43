"""Pools of a person's usual voice, what is learnt from them, and how the other clips then fare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.adaptation_material import USUAL, Clip
from edge.contract.labels import EMOTIONS, GROUPS
from edge.decide.baseline import Reference, UsualVoice, relative, shares, unheard, with_window

MINORITY = 0.25
"""Share of the pool's clips that show another emotion."""
CALLS = 0.6
"""Probability of distress at which the default alert rule begins to count."""

Floats = NDArray[np.float64]
People = Mapping[str, Sequence[Clip]]
Move = Callable[[Mapping[str, float]], dict[str, float]]
Split = tuple[list[Clip], list[Clip]]

KINDS = tuple(shares(dict.fromkeys(EMOTIONS, 0.0)))
FLAT: Reference = dict.fromkeys(KINDS, 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fared:
    """How one person's judged clips fared; shares from 0 to 1."""

    uar: float
    """Mean of the recalls of the emotions that the person shows."""
    distress: float
    """Clips of distress in which distress has at least `CALLS`."""
    false_distress: float
    """The same of all other clips."""

    def as_row(self) -> tuple[float, float, float]:
        return self.uar, self.distress, self.false_distress


def by_speaker(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    people: dict[str, list[Clip]] = {}
    for clip in clips:
        people.setdefault(clip.speaker, []).append(clip)
    return people


def as_usual(clips: Sequence[Clip], rng: np.random.Generator) -> Split:
    """Return half of the calm and neutral clips with a quarter of others; and all the rest."""
    usual, others = _parted(clips, rng)
    n_usual = len(usual) // 2
    n_others = round(n_usual * MINORITY / (1 - MINORITY))
    return usual[:n_usual] + others[:n_others], usual[n_usual:] + others[n_others:]


def only_usual(clips: Sequence[Clip], rng: np.random.Generator) -> Split:
    """Return half of the calm and neutral clips alone."""
    usual, others = _parted(clips, rng)
    n_usual = len(usual) // 2
    return usual[:n_usual], usual[n_usual:] + others


def all_emotions(clips: Sequence[Clip], rng: np.random.Generator) -> Split:
    """Return half of everything, each emotion as often as the corpus has it."""
    mixed = _shuffled(clips, rng)
    return mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]


def only_distress(clips: Sequence[Clip], rng: np.random.Generator) -> Split:
    """Return half of the clips of distress: a person who is never well while it gathers."""
    mixed = _shuffled(clips, rng)
    distress = [clip for clip in mixed if clip.truth in GROUPS["distress"]]
    rest = [clip for clip in mixed if clip.truth not in GROUPS["distress"]]
    half = len(distress) // 2
    return distress[:half], distress[half:] + rest


def at_most(pool: Sequence[Clip], speech_s: float, rng: np.random.Generator) -> list[Clip]:
    """Return so much of a pool, drawn at random, that it holds so many seconds of speech."""
    found: list[Clip] = []
    for clip in _shuffled(pool, rng):
        if sum(c.spoken_s for c in found) >= speech_s:
            break
        found.append(clip)
    return found


def usual_of(pool: Sequence[Clip], labels: Sequence[str]) -> UsualVoice:
    """Return the statistics of a pool, as the service would have them."""
    usual = unheard(FLAT)
    for clip in pool:
        voiced = clip.posteriors[clip.is_voice]
        for row in voiced:
            found = dict(zip(labels, row.tolist(), strict=True))
            usual = with_window(usual, found, FLAT, fresh_s=clip.spoken_s / len(voiced))
    return usual


def reference_of(people: People, labels: Sequence[str], *, n_pools: int) -> Reference:
    """Return the mean of people's usual voices, each person counting once."""
    pools = [
        as_usual(clips, np.random.default_rng(1000 + seed))[0]
        for clips in people.values()
        for seed in range(n_pools)
    ]
    means = [[t.mean for t in usual_of(pool, labels).kinds.values()] for pool in pools]
    return dict(zip(KINDS, np.mean(means, axis=0).tolist(), strict=True))


def mover(usual: UsualVoice, reference: Reference, *, strength: float) -> Move:
    """Return what moves probabilities against a person's usual voice."""
    return partial(relative, usual=usual, reference=reference, strength=strength)


def fared(clips: Sequence[Clip], labels: Sequence[str], move: Move) -> Fared:
    """Judge clips; one without a window of voice is wrong and calls nobody."""
    hits: dict[str, list[bool]] = {}
    calls: dict[bool, list[bool]] = {True: [], False: []}
    for clip in clips:
        found = _clip_probabilities(clip, labels, move)
        best = max(found, key=found.__getitem__) if found else ""
        hits.setdefault(clip.truth, []).append(best == clip.truth)
        distress = sum(found.get(emotion, 0.0) for emotion in GROUPS["distress"])
        calls[clip.truth in GROUPS["distress"]].append(distress >= CALLS)
    return Fared(
        uar=float(np.mean([np.mean(of_one) for of_one in hits.values()])),
        distress=float(np.mean(calls[True])),
        false_distress=float(np.mean(calls[False])),
    )


def _clip_probabilities(clip: Clip, labels: Sequence[str], move: Move) -> dict[str, float]:
    voiced = clip.posteriors[clip.is_voice]
    if not len(voiced):
        return {}
    moved = [list(move(dict(zip(labels, row.tolist(), strict=True))).values()) for row in voiced]
    mean = np.average(np.array(moved), axis=0, weights=clip.speech_s[clip.is_voice])
    return dict(zip(labels, mean.tolist(), strict=True))


def _parted(clips: Sequence[Clip], rng: np.random.Generator) -> Split:
    mixed = _shuffled(clips, rng)
    usual = [clip for clip in mixed if clip.truth in USUAL]
    return usual, [clip for clip in mixed if clip.truth not in USUAL]


def _shuffled(clips: Sequence[Clip], rng: np.random.Generator) -> list[Clip]:
    return [clips[i] for i in rng.permutation(len(clips))]
