"""Which sentence is asked for in which emotion, and in which order."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

SENTENCES_IN_A_ROW = 5
"""Asked for in one emotion before the next one: a layman needs a while to find into a mood."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """One take that is asked for."""

    emotion: str
    """One of `edge.contract.labels.EMOTIONS`."""
    scene: str
    """A line that evokes it."""
    sentence: str
    """What is to be said."""
    take: int
    """Counted from 1."""


def plan(
    scenes: Mapping[str, Sequence[str]],
    sentences: Sequence[str],
    *,
    n_takes: int,
    seed: str,
) -> list[Prompt]:
    """Return every prompt: each sentence in each emotion, as often as there are takes.

    They come in rounds. A round asks for a few sentences in every emotion, so that a session that
    is broken off has all emotions about equally often; the order of everything is drawn.

    Parameters
    ----------
    scenes : mapping of str to sequence of str
        Scenes of each wanted emotion, at least one; rounds take turns with them.
    sentences : sequence of str
        The same for every emotion.
    n_takes : int
        How often each sentence is said in each emotion, at least 1.
    seed : str
        The same seed gives the same order.
    """
    # Not for secrets: the order must come out the same tomorrow.
    draw = random.Random(seed)  # noqa: S311
    return [
        Prompt(
            emotion=emotion,
            scene=scenes[emotion][number % len(scenes[emotion])],
            sentence=sentence,
            take=take,
        )
        for number, (take, group) in enumerate(_rounds(sentences, n_takes, draw))
        for emotion in draw.sample(list(scenes), len(scenes))
        for sentence in draw.sample(group, len(group))
    ]


def _rounds(
    sentences: Sequence[str], n_takes: int, draw: random.Random
) -> Iterator[tuple[int, list[str]]]:
    for take in range(1, n_takes + 1):
        shuffled = draw.sample(list(sentences), len(sentences))
        for start in range(0, len(shuffled), SENTENCES_IN_A_ROW):
            yield take, shuffled[start : start + SENTENCES_IN_A_ROW]
