"""What people said of alarms and states, beside what was decided: a file for `ser-trainer`.

`ser-edge feedback export` writes it, `ser-trainer tune-alerts` reads it. Times, states and
probabilities; no sound, no features, no names and no free text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from edge.contract.labels import STATES
from edge.contract.tables import Range
from edge.decide.alerts import AlertRule


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A decided state, for as long as it lasted."""

    time: str
    """When it began: RFC 3339 with the local offset of then, as everywhere here."""
    duration_s: Annotated[float, Range(0)]
    state: str
    probabilities: dict[str, float]
    """Smoothed, as they were when it began; empty where nobody spoke."""

    def __post_init__(self) -> None:
        _check(self.time, self.state)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """An alarm of a rule that was raised."""

    alarm: str
    rule: str
    time: str

    def __post_init__(self) -> None:
        _check(self.time, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """Somebody who was there said whether the program was right."""

    time: str
    """The moment that is judged."""
    verdict: Literal["right", "wrong"]
    truth: str | None
    """The state that it was instead, where somebody said so."""
    alarm: str | None
    """The alarm that is judged; None where it is the state."""

    def __post_init__(self) -> None:
        _check(self.time, self.truth)


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedbackExport:
    """The whole file."""

    version: Literal[1] = 1
    created: str
    hop_s: Annotated[float, Range(0.05, 60)] = 0.5
    """Time from one window to the next."""
    rules: tuple[AlertRule, ...]
    """As they are set now."""
    stretches: tuple[Stretch, ...]
    """In the order of time."""
    calls: tuple[Call, ...]
    judgements: tuple[Judgement, ...]


def moment(time: str) -> datetime:
    """Return the moment that a text stands for."""
    return datetime.fromisoformat(time)


def day(time: str) -> str:
    """Return the local day of a moment."""
    return moment(time).date().isoformat()


def days(export: FeedbackExport) -> Sequence[str]:
    """Return the local days on which somebody judged something, in order."""
    return sorted({day(judgement.time) for judgement in export.judgements})


def _check(time: str, state: str | None) -> None:
    if moment(time).tzinfo is None:
        raise ValueError(f"time {time!r} has no offset from UTC")
    if state is not None and state not in STATES:
        raise ValueError(f"{state!r} is no state; known are: {', '.join(STATES)}")
