"""Who says what how often: clips by speaker and emotion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trainer.survey.scan import CorpusScan


@dataclass(frozen=True, kw_only=True, slots=True)
class Durations:
    """Lengths of a corpus' recordings, in seconds."""

    least_s: float
    median_s: float
    most_s: float
    total_s: float


def clips(corpus: CorpusScan) -> dict[str, Counter[str]]:
    """Return each speaker's number of clips for each emotion, speakers by name.

    Parameters
    ----------
    corpus : CorpusScan
        Recordings that cannot be decoded count as well: that is another fault.
    """
    table: dict[str, Counter[str]] = {}
    for item in corpus.examined:
        row = table.setdefault(item.utterance.speaker, Counter())
        row[item.utterance.emotion] += 1
    return dict(sorted(table.items()))


def totals(table: Mapping[str, Counter[str]]) -> Counter[str]:
    """Return the clips of each emotion over all speakers."""
    return sum(table.values(), Counter())


def durations(corpus: CorpusScan) -> Durations | None:
    """Return the lengths of what can be decoded; None where that is nothing."""
    lengths_s = [sound.duration_s for sound in corpus.sounds]
    if not lengths_s:
        return None
    return Durations(
        least_s=min(lengths_s),
        median_s=float(np.median(lengths_s)),
        most_s=max(lengths_s),
        total_s=sum(lengths_s),
    )
