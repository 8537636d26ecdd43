"""Who is learnt from, who is chosen by, who is judged: splits by speaker, and one that is not.

A speaker or a recording on two sides makes every figure a lie: see `trainer.examples.leakage`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from edge.errors import UsageError
from trainer.corpora.base import Utterance
from trainer.examples.leakage import LeakageError

VALIDATION_SHARE: Final = 0.1
"""Of those who are not tested, where neither recipe nor publication says how many validate."""


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


def by_shares(
    utterances: Sequence[Utterance], *, validation_share: float, test_share: float, seed: int
) -> Split:
    """Split by speakers that a seed draws, of each corpus its share.

    Parameters
    ----------
    utterances : sequence of Utterance
    validation_share, test_share : float
        Shares of each corpus' speakers: at least one where it has three or more and the share is
        not 0. A corpus of one or two speakers only trains.
    seed : int

    Raises
    ------
    UsageError
        If no corpus has enough speakers.
    """
    rng = np.random.default_rng(seed)
    validation: set[str] = set()
    test: set[str] = set()
    for family in _families(utterances):
        order = [family[i] for i in rng.permutation(len(family))]
        n_test = min(_n_held_out(len(family), test_share), len(family) - 1)
        n_left = len(family) - n_test
        n_validation = min(_n_held_out(len(family), validation_share), n_left - 1)
        test.update(order[:n_test])
        validation.update(order[n_test : n_test + n_validation])
    if test_share and not test:
        raise UsageError(
            "no corpus has the three speakers that it takes to hold one out for the test and one "
            "for validation; add speakers, or name those to hold out in the recipe's [split]"
        )
    return _split(utterances, validation=frozenset(validation), test=frozenset(test))


def folds(
    utterances: Sequence[Utterance], *, n_folds: int, validation_share: float, seed: int
) -> list[Split]:
    """Return splits in which every speaker is in the test part once.

    The speakers of each corpus are dealt out evenly; whoever both speaks and sings is dealt once.

    Parameters
    ----------
    utterances : sequence of Utterance
    n_folds : int
    validation_share : float
        Share of each corpus' remaining speakers that is held out for validation: at least one
        where two or more remain, none where the share is 0.
    seed : int

    Raises
    ------
    UsageError
        If there are fewer speakers than folds, or fewer than two folds.
    """
    families = _families(utterances)
    n_speakers = sum(len(family) for family in families)
    if not 2 <= n_folds <= n_speakers:
        raise UsageError(f"{n_folds} folds are asked for, expected 2 to {n_speakers} (speakers)")
    rng = np.random.default_rng(seed)
    order = [[family[i] for i in rng.permutation(len(family))] for family in families]
    # One deck, corpus after corpus: the speakers of each are spread as evenly as they can be.
    deck = [speaker for family in order for speaker in family]
    found = []
    for number in range(n_folds):
        test = frozenset(deck[number::n_folds])
        rest = [[s for s in family if s not in test] for family in order]
        validation = frozenset(
            s for family in rest for s in _validators(family, validation_share, rng)
        )
        found.append(_split(utterances, validation=validation, test=test))
    return found


def stratified_random(
    utterances: Sequence[Utterance], *, validation_share: float, test_share: float, seed: int
) -> Split:
    """Split by clip, evenly by emotion, as much of the literature does.

    The same speakers stand on all sides: figures from this split say how well a model knows
    *these* voices, never how it will do on a new one. It exists to compare with published numbers.
    """
    rng = np.random.default_rng(seed)
    by_emotion: dict[str, list[Path]] = defaultdict(list)
    for utterance in utterances:
        by_emotion[utterance.emotion].append(utterance.path)
    validation: set[Path] = set()
    test: set[Path] = set()
    for _, paths in sorted(by_emotion.items()):
        order = [paths[i] for i in rng.permutation(len(paths))]
        n_test = round(test_share * len(order))
        test.update(order[:n_test])
        validation.update(order[n_test : n_test + round(validation_share * len(order))])
    return _split_by(utterances, lambda u: u.path in validation, lambda u: u.path in test)


def sentence_folds(
    utterances: Sequence[Utterance], *, n_folds: int, validation_share: float, seed: int
) -> list[Split]:
    """Return splits in which every sentence is in the test part once, and trained on in no other.

    The speakers are the same on all sides: it tells whether a model knows the words.

    Parameters
    ----------
    utterances : sequence of Utterance
    n_folds : int
        At most; a corpus of fewer sentences has fewer parts.
    validation_share : float
        Share of the training clips, drawn evenly by emotion.
    seed : int

    Raises
    ------
    UsageError
        If there are fewer than two sentences.
    """
    sentences = sorted({(u.corpus, u.text) for u in utterances})
    n_parts = min(n_folds, len(sentences))
    if n_parts < 2:
        raise UsageError(f"the recordings have {len(sentences)} sentence, expected at least 2")
    order = np.random.default_rng(seed).permutation(len(sentences))
    found = []
    for number in range(n_parts):
        test = {sentences[i] for i in order[number::n_parts]}
        rest = [u for u in utterances if (u.corpus, u.text) not in test]
        inner = stratified_random(rest, validation_share=validation_share, test_share=0, seed=seed)
        found.append(
            Split(
                train=inner.train,
                validation=inner.validation,
                test=tuple(u for u in utterances if (u.corpus, u.text) in test),
            )
        )
    return found


def corpus_folds(
    utterances: Sequence[Utterance], *, validation_share: float, seed: int
) -> dict[str, Split]:
    """Return a split for each corpus that is left out; corpora of the same speakers go together.

    Parameters
    ----------
    utterances : sequence of Utterance
    validation_share : float
        As `folds` has it.
    seed : int

    Returns
    -------
    dict of Split
        By the names of the corpora in the test part: ``"ravdess+ravdess-song"``.

    Raises
    ------
    UsageError
        If there is only one corpus.
    """
    families = _families(utterances)
    if len(families) < 2:
        raise UsageError("only one corpus is there, expected at least two to leave one out")
    found = {}
    for family in families:
        test = frozenset(family)
        rng = np.random.default_rng(seed)
        rest = [other for other in families if other is not family]
        validation = frozenset(
            s for other in rest for s in _validators(other, validation_share, rng)
        )
        name = "+".join(sorted({u.corpus for u in utterances if u.speaker in test}))
        found[name] = _split(utterances, validation=validation, test=test)
    return found


def _split(
    utterances: Sequence[Utterance], *, validation: frozenset[str], test: frozenset[str]
) -> Split:
    return _split_by(utterances, lambda u: u.speaker in validation, lambda u: u.speaker in test)


def _split_by(
    utterances: Sequence[Utterance],
    validates: Callable[[Utterance], bool],
    tests: Callable[[Utterance], bool],
) -> Split:
    return Split(
        train=tuple(u for u in utterances if not validates(u) and not tests(u)),
        validation=tuple(u for u in utterances if validates(u)),
        test=tuple(u for u in utterances if tests(u)),
    )


def _n_held_out(n_speakers: int, share: float) -> int:
    return max(1, round(share * n_speakers)) if share and n_speakers >= 3 else 0


def _families(utterances: Sequence[Utterance]) -> list[list[str]]:
    """Return the speakers of each corpus; who occurs in several counts for the first by name."""
    homes: dict[str, str] = {}
    for utterance in utterances:
        homes[utterance.speaker] = min(utterance.corpus, homes.get(utterance.speaker, "~"))
    families: dict[str, list[str]] = defaultdict(list)
    for speaker, corpus in sorted(homes.items()):
        families[corpus].append(speaker)
    return [family for _, family in sorted(families.items())]


def _validators(family: Sequence[str], share: float, rng: np.random.Generator) -> list[str]:
    if share == 0 or len(family) < 2:
        return []
    n_validators = max(1, round(share * len(family)))
    return [family[i] for i in rng.permutation(len(family))[:n_validators]]
