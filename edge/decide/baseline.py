"""One person's usual voice, and decisions relative to it.

A voice that a model hears as sad whatever it says calls somebody for nothing. While a person who
has agreed talks as usual, the mean of the logarithm of what the model says is kept; what it says
later is moved against that mean, a quarter of the way: ``p'(k) ~ p(k) exp(STRENGTH (r(k) - u(k)))``
with ``u`` this person's mean and ``r`` the mean of people whom the model never heard. Calm and
neutral are moved as one: which of them a quiet voice resembles is no sign of anything. How this was
chosen, whom it helps and whom it does not: docs/calibration.md. It is off unless somebody wants it.

**What is kept** (`UsualVoice`) are 30 numbers: a count, a sum of seconds, and for each of seven
kinds a mean, a variance and two counts. They do not grow with what is said. No sound, no feature of
it and no time is in them: every window adds to the same sums, so that the windows in another order
leave the same means but for rounding and forgetting. Words need an order, and a voice needs more
than the model's seven answers; neither can be had from these. What they do tell is how this person
mostly sounds to the model, which is theirs alone and is kept like the log.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Final

from edge.contract.labels import GROUPS
from edge.contract.tables import Range
from edge.decide.outcomes import Scores

STRENGTH: Final = 0.25
"""How far decisions are moved, 0 to 1; more costs alarms that are right (docs/calibration.md)."""

LEAST_SPEECH_S: Final = 120.0
"""Speech below which nothing is moved: twice the most that the method was chosen with."""

MEMORY_WINDOWS: Final = 14_400
"""After two hours of talk the oldest begins to be forgotten, so that a voice may change."""

LEAST_PROBABILITY: Final = 1e-3
"""Smaller ones count as this: one odd window must not weigh as much as a minute."""

SETTLED: Final = "settled"

Reference = Mapping[str, float]

REFERENCES: Final[Mapping[str, Reference]] = MappingProxyType(
    {
        "f85341b6e27a3bd8ee535589d872d79b4ce42d77b13a95d8a15fa7d24cbfcaa6": MappingProxyType(
            {
                SETTLED: -1.26,
                "happy": -3.208,
                "sad": -2.53,
                "angry": -4.043,
                "fearful": -3.483,
                "disgusted": -3.967,
                "surprised": -4.294,
            }
        ),
    }
)
"""For each model that was measured, by the SHA-256 of its flatbuffer, the mean logarithm of each
kind over the usual voices of people whom it never heard: its validation speakers, by
``python -m benchmarks.adaptation --reference``. Other models are not moved at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What is known of one kind: settled, or one of the other emotions."""

    mean: Annotated[float, Range(-20, 0)] = 0.0
    """Mean logarithm of its probability."""
    variance: Annotated[float, Range(0, 400)] = 0.0
    n_plain: Annotated[int, Range(0)] = 0
    """Windows in which it was the likeliest."""
    n_relative: Annotated[int, Range(0)] = 0
    """Windows in which it would have been, relative to what was known at the time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UsualVoice:
    """Running statistics of what a model says of one person; see the module's text."""

    n_windows: Annotated[int, Range(0)] = 0
    speech_s: Annotated[float, Range(0)] = 0.0
    """Seconds of speech in them; what two windows share counts once."""
    kinds: dict[str, Tally]

    def __post_init__(self) -> None:
        if not self.kinds:
            raise ValueError("kinds is empty; it needs one for each emotion of the model")

    @property
    def is_known(self) -> bool:
        """Whether enough was heard to decide by it."""
        return self.speech_s >= LEAST_SPEECH_S


def unheard(reference: Reference) -> UsualVoice:
    """Return the statistics of a voice of which nothing was heard yet."""
    return UsualVoice(kinds={kind: Tally() for kind in reference})


def kind_of(emotion: str) -> str:
    """Return what an emotion is moved with."""
    return SETTLED if emotion in GROUPS[SETTLED] else emotion


def shares(probabilities: Mapping[str, float]) -> dict[str, float]:
    """Return the probability of each kind."""
    found: dict[str, float] = {}
    for emotion, probability in probabilities.items():
        found[kind_of(emotion)] = found.get(kind_of(emotion), 0.0) + probability
    return found


def relative(
    probabilities: Mapping[str, float],
    usual: UsualVoice,
    reference: Reference,
    *,
    strength: float = STRENGTH,
) -> dict[str, float]:
    """Return probabilities relative to a person's usual voice, sum 1.

    Parameters
    ----------
    probabilities : Mapping
        Of each emotion, sum 1.
    usual, reference : UsualVoice, Reference
        The person's means and those of others; kinds that either lacks are not moved.
    strength : float
        0 leaves everything as it is.
    """
    factors = {
        kind: math.exp(strength * (mean - usual.kinds[kind].mean))
        for kind, mean in reference.items()
        if kind in usual.kinds
    }
    moved = {e: p * factors.get(kind_of(e), 1.0) for e, p in probabilities.items()}
    total = sum(moved.values())
    return {emotion: share / total for emotion, share in moved.items()}


def with_window(
    usual: UsualVoice, probabilities: Mapping[str, float], reference: Reference, *, fresh_s: float
) -> UsualVoice:
    """Return the statistics after one more window with speech.

    Parameters
    ----------
    usual : UsualVoice
    probabilities : Mapping
        What the model says of the window.
    reference : Reference
    fresh_s : float
        Seconds of speech in it that no earlier window held.
    """
    n = usual.n_windows + 1
    weight = 1.0 / min(n, MEMORY_WINDOWS)
    found = shares(probabilities)
    plain = max(found, key=found.__getitem__)
    moved = shares(relative(probabilities, usual, reference)) if usual.n_windows else found
    nearest = max(moved, key=moved.__getitem__)
    return UsualVoice(
        n_windows=n,
        speech_s=usual.speech_s + fresh_s,
        kinds={
            kind: _counted(
                _followed(tally, found.get(kind, 0.0), weight=weight),
                is_plain=kind == plain,
                is_relative=kind == nearest,
            )
            for kind, tally in usual.kinds.items()
        },
    )


def _followed(tally: Tally, share: float, *, weight: float) -> Tally:
    # West 1979, with a weight that stops falling.
    before = math.log(min(1.0, max(share, LEAST_PROBABILITY))) - tally.mean
    mean = tally.mean + weight * before
    after = before - weight * before
    variance = tally.variance + weight * (before * after - tally.variance)
    return replace(tally, mean=min(0.0, mean), variance=max(0.0, variance))


def _counted(tally: Tally, *, is_plain: bool, is_relative: bool) -> Tally:
    return replace(
        tally,
        n_plain=tally.n_plain + is_plain,
        n_relative=tally.n_relative + is_relative,
    )


class OwnNormal:
    """Hears the scores of a stream: learns from them, moves them, or lets them pass.

    Parameters
    ----------
    usual : UsualVoice
    reference : Reference
    gathers : bool
        Whether the statistics go on.
    applies : bool
        Whether scores are moved, as soon as enough is known.
    """

    def __init__(
        self, usual: UsualVoice, reference: Reference, *, gathers: bool, applies: bool
    ) -> None:
        self.usual = usual
        self.gathers = gathers
        self.applies = applies
        self._reference = reference

    @property
    def moves(self) -> bool:
        """Whether scores are moved now."""
        return self.applies and self.usual.is_known

    def take(self, scores: Scores, *, hop_length: int) -> Scores:
        """Take the plain scores of the next window; return those to decide by.

        Parameters
        ----------
        scores : Scores
        hop_length : int
            Samples from one window to the next: so much of each window no other one held.
        """
        plain = scores.probabilities
        if not scores.is_speech or plain is None:
            return scores
        moved = relative(plain, self.usual, self._reference) if self.moves else None
        if self.gathers:
            length = scores.end_sample - scores.start_sample
            fresh_s = scores.speech_s * min(1.0, hop_length / length)
            self.usual = with_window(self.usual, plain, self._reference, fresh_s=fresh_s)
        return scores if moved is None else replace(scores, probabilities=moved, plain=plain)
