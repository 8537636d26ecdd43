"""From a recipe and a folder to labelled recordings, and to who learns and who is judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from trainer import corpora
from trainer.corpora.base import Findings, LeftOut, Utterance
from trainer.corpora.targets import with_target
from trainer.examples import leakage, splits
from trainer.examples.protocols import ProtocolName
from trainer.examples.splits import Split
from trainer.recipe.schema import NamedSpeakers, Recipe


@dataclass(frozen=True, kw_only=True, slots=True)
class Division:
    """Who learns and who is judged."""

    split: Split
    protocol: ProtocolName | Literal["recipe"]
    """How it was made."""
    left_out: tuple[LeftOut, ...]
    """Recordings that have no place in it."""


def gather(recipe: Recipe, data: Path) -> Findings:
    """Find the recordings of the recipe's corpora that its labels can tell apart.

    Raises
    ------
    NoInputError
        If a corpus is absent.
    """
    utterances: list[Utterance] = []
    left_out: list[LeftOut] = []
    for use in recipe.corpora:
        found = corpora.find(use.name, data)
        usable = with_target(found.utterances, recipe.labels)
        utterances.extend(usable.utterances)
        left_out.extend((*found.left_out, *usable.left_out))
    return Findings(utterances=tuple(utterances), left_out=tuple(left_out))


def divide(recipe: Recipe, data: Path) -> Division:
    """Find the recipe's recordings and hold out whom it holds out.

    Raises
    ------
    NoInputError
        If a corpus is absent.
    UsageError
        If a named speaker has no recording, or too few speakers are there.
    LeakageError
        If a speaker stands on two sides.
    """
    found = gather(recipe, data)
    split = _recipe_split(recipe, found.utterances)
    leakage.refuse_shared_speakers(split.parts())
    return Division(split=split, protocol="recipe", left_out=found.left_out)


def _recipe_split(recipe: Recipe, utterances: tuple[Utterance, ...]) -> Split:
    if isinstance(recipe.split, NamedSpeakers):
        return splits.by_names(
            utterances, validation=recipe.split.validation, test=recipe.split.test
        )
    return splits.by_shares(
        utterances,
        validation_share=recipe.split.validation_share,
        test_share=recipe.split.test_share,
        seed=recipe.seed,
    )


def content_hashes(split: Split) -> dict[Path, str]:
    """Return the hash of every recording's file; no recording stands on two sides.

    Raises
    ------
    LeakageError
    """
    leakage.refuse_shared_recordings(split.parts())
    return {u.path: leakage.content_hash(u.path) for p in split.parts().values() for u in p}
