"""Protocols: by which splits a system is judged, and what its figures may be called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from trainer.corpora.base import Utterance
from trainer.examples import leakage, splits
from trainer.examples.splits import Split

ProtocolName = Literal["random", "folds", "speakers", "corpora", "sentences"]
PROTOCOLS: Final[tuple[ProtocolName, ...]] = get_args(ProtocolName)

MEANINGS: Final[dict[ProtocolName, str]] = {
    "random": "random split by clip, evenly by emotion: the same speakers on all sides, as much "
    "of the literature has it; it says nothing of a new voice",
    "folds": "speaker-disjoint folds: everybody is judged once, by a model that never heard them",
    "speakers": "leave one speaker out: everybody is judged by a model of all the others",
    "corpora": "leave one corpus out: other speakers, rooms and languages than were trained on",
    "sentences": "sentence-disjoint folds: new words from voices that were trained on",
}
"""What each protocol is called in reports, and how far its figures reach."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """One training and its judgement."""

    name: str
    split: Split


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """How much is held out."""

    n_folds: int
    validation: float
    test: float
    """For the random split only; elsewhere the folds say it."""


def folds_of(
    protocol: ProtocolName, utterances: Sequence[Utterance], *, shares: Shares, seed: int
) -> list[Fold]:
    """Return all folds of a protocol.

    Parameters
    ----------
    protocol : str
        One of `PROTOCOLS`.
    utterances : sequence of Utterance
    shares : Shares
    seed : int
        Another seed gives another random split, other folds and other validation speakers.

    Raises
    ------
    UsageError
        If the recordings cannot be split so.
    LeakageError
        If a speaker stands on two sides where the protocol forbids it.
    """
    found = _folds(protocol, utterances, shares=shares, seed=seed)
    if protocol in ("folds", "speakers", "corpora"):
        for fold in found:
            leakage.refuse_shared_speakers(fold.split.parts())
    return found


def _folds(
    protocol: ProtocolName, utterances: Sequence[Utterance], *, shares: Shares, seed: int
) -> list[Fold]:
    match protocol:
        case "random":
            split = splits.stratified_random(
                utterances, validation_share=shares.validation, test_share=shares.test, seed=seed
            )
            return [Fold(name="random", split=split)]
        case "corpora":
            by_name = splits.corpus_folds(utterances, validation_share=shares.validation, seed=seed)
            return [Fold(name=name, split=split) for name, split in by_name.items()]
        case "sentences":
            parts = splits.sentence_folds(
                utterances, n_folds=shares.n_folds, validation_share=shares.validation, seed=seed
            )
        case "folds" | "speakers":
            n_speakers = len({u.speaker for u in utterances})
            parts = splits.folds(
                utterances,
                n_folds=shares.n_folds if protocol == "folds" else n_speakers,
                validation_share=shares.validation,
                seed=seed,
            )
    names = [f"{protocol}-{number}" for number in range(1, len(parts) + 1)]
    if protocol == "speakers":
        names = ["+".join(part.speakers("test")) for part in parts]
    return [Fold(name=name, split=part) for name, part in zip(names, parts, strict=True)]
