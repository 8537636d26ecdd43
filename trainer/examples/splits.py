"""Who is learnt from, who is chosen by, who is judged: splits by speaker, and one that is not.

A speaker or a recording on two sides makes every figure a lie; both are refused.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.errors import EXIT_BAD_DATA, SerError, UsageError
from trainer.corpora.base import Utterance


class LeakageError(SerError, ValueError):
    """A speaker or a recording stands on two sides of a split."""

    exit_code = EXIT_BAD_DATA


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """Three parts without a common recording."""

    train: tuple[Utterance, ...]
    validation: tuple[Utterance, ...]
    test: tuple[Utterance, ...]

    def parts(self) -> dict[str, tuple[Utterance, ...]]:
        """Return the parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def speakers(self, part: str, *, corpus: str | None = None) -> tuple[str, ...]:
        """Return the speakers of a part, sorted; of one corpus where it is named."""
        chosen = self.parts()[part]
        return tuple(sorted({u.speaker for u in chosen if corpus in (None, u.corpus)}))


def by_names(
    utterances: Sequence[Utterance], *, validation: Collection[str], test: Collection[str]
) -> Split:
    """Split by named speakers; everyone else trains.

    Raises
    ------
    UsageError
        If a named speaker has no recording.
    LeakageError
        If a speaker is named twice.
    """
    known = {u.speaker for u in utterances}
    strangers = sorted((set(validation) | set(test)) - known)
    if strangers:
        raise UsageError(
            f"the recordings hold no speaker {', '.join(strangers)}; "
            f"they hold {', '.join(sorted(known))}"
        )
    twice = sorted(set(validation) & set(test))
    if twice:
        raise LeakageError(f"speaker {', '.join(twice)} is named for both validation and test")
    return _split(utterances, validation=frozenset(validation), test=frozenset(test))


def by_seed(utterances: Sequence[Utterance], *, n_validation: int, n_test: int, seed: int) -> Split:
    """Split by speakers that a seed draws.

    Parameters
    ----------
    utterances : sequence of Utterance
    n_validation, n_test : int
        Speakers to hold out for each.
    seed : int

    Raises
    ------
    UsageError
        If no speaker would be left to train on.
    """
    order = _shuffled_speakers(utterances, seed=seed)
    if n_validation + n_test >= len(order):
        raise UsageError(
            f"{n_validation} + {n_test} speakers are to be held out of {len(order)}; "
            "at least one must be left to train on"
        )
    return _split(
        utterances,
        validation=frozenset(order[:n_validation]),
        test=frozenset(order[n_validation : n_validation + n_test]),
    )


def folds(utterances: Sequence[Utterance], *, n_folds: int, seed: int) -> list[Split]:
    """Return splits in which every speaker is in the test part once; validation is empty.

    Raises
    ------
    UsageError
        If there are fewer speakers than folds, or fewer than two folds.
    """
    order = _shuffled_speakers(utterances, seed=seed)
    if not 2 <= n_folds <= len(order):
        raise UsageError(f"{n_folds} folds are asked for, expected 2 to {len(order)} (speakers)")
    groups = [frozenset(order[i::n_folds]) for i in range(n_folds)]
    return [_split(utterances, validation=frozenset(), test=group) for group in groups]


def stratified_random(utterances: Sequence[Utterance], *, test_share: float, seed: int) -> Split:
    """Split by clip, evenly by emotion, as much of the literature does.

    The same speakers stand on both sides: figures from this split say how well a model knows
    *these* voices, never how it will do on a new one. It exists to compare with published numbers.
    """
    rng = np.random.default_rng(seed)
    test: set[Path] = set()
    by_emotion: dict[str, list[Path]] = defaultdict(list)
    for utterance in utterances:
        by_emotion[utterance.emotion].append(utterance.path)
    for _, paths in sorted(by_emotion.items()):
        chosen = rng.permutation(len(paths))[: round(test_share * len(paths))]
        test.update(paths[i] for i in chosen)
    return Split(
        train=tuple(u for u in utterances if u.path not in test),
        validation=(),
        test=tuple(u for u in utterances if u.path in test),
    )


def refuse_shared_speakers(split: Split) -> None:
    """Raise where a speaker stands on two sides.

    Raises
    ------
    LeakageError
    """
    owners: dict[str, str] = {}
    for part, utterances in split.parts().items():
        for speaker in sorted({u.speaker for u in utterances}):
            if speaker in owners:
                raise LeakageError(
                    f"speaker {speaker} stands in both {owners[speaker]} and {part}; "
                    "every speaker must stand in one part only"
                )
            owners[speaker] = part


def refuse_shared_recordings(split: Split, hashes: Mapping[Path, str]) -> None:
    """Raise where the same recording, by its content, stands on two sides.

    Parameters
    ----------
    split : Split
    hashes : mapping of Path to str
        From `content_hash`, one for every recording.

    Raises
    ------
    LeakageError
    """
    owners: dict[str, tuple[str, Path]] = {}
    for part, utterances in split.parts().items():
        for utterance in utterances:
            first = owners.setdefault(hashes[utterance.path], (part, utterance.path))
            if first[0] != part:
                raise LeakageError(
                    f"{utterance.path} in {part} is the same recording as {first[1]} in "
                    f"{first[0]}; remove one of them"
                )


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _split(
    utterances: Sequence[Utterance], *, validation: frozenset[str], test: frozenset[str]
) -> Split:
    held_out = validation | test
    return Split(
        train=tuple(u for u in utterances if u.speaker not in held_out),
        validation=tuple(u for u in utterances if u.speaker in validation),
        test=tuple(u for u in utterances if u.speaker in test),
    )


def _shuffled_speakers(utterances: Sequence[Utterance], *, seed: int) -> list[str]:
    speakers = sorted({u.speaker for u in utterances})
    return [speakers[i] for i in np.random.default_rng(seed).permutation(len(speakers))]
