"""Some of many recordings, where all would take too long: every label and speaker has its share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from itertools import chain, zip_longest

from trainer.corpora.base import Utterance
from trainer.corpora.targets import target


def stratified(
    utterances: Sequence[Utterance], labels: Sequence[str], *, n_most: int, seed: int
) -> list[Utterance]:
    """Draw recordings so that labels, and within each label the speakers, are as even as can be.

    Parameters
    ----------
    utterances : sequence of Utterance
        Each with a target among the labels.
    labels : sequence of str
    n_most : int
        All are taken where there are no more.
    seed : int

    Returns
    -------
    list of Utterance
        In the order given. The same recordings are drawn whatever that order is.
    """
    shuffled = sorted(utterances, key=lambda u: _draw(u, seed))
    by_speaker = _dealt(shuffled, lambda u: (target(u, labels), u.speaker))
    by_label = _dealt(by_speaker, lambda u: target(u, labels))
    chosen = set(by_label[:n_most])
    return [utterance for utterance in utterances if utterance in chosen]


def _draw(utterance: Utterance, seed: int) -> str:
    name = f"{seed} {utterance.corpus} {utterance.speaker} {utterance.path.name}"
    return hashlib.sha256(name.encode()).hexdigest()


def _dealt(
    utterances: Sequence[Utterance], group_of: Callable[[Utterance], Hashable]
) -> list[Utterance]:
    """Put the first of each group first, then the second of each; a group keeps its order."""
    groups: dict[Hashable, list[Utterance]] = {}
    for utterance in utterances:
        groups.setdefault(group_of(utterance), []).append(utterance)
    rounds = chain.from_iterable(zip_longest(*groups.values()))
    return [utterance for utterance in rounds if utterance is not None]
