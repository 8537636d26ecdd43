"""What a survey says: findings, each of one kind and one corpus, with all that it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["fault", "warning", "note"]
"""A *fault* is what a training would refuse, leave out or learn wrong; a *warning* is what the
owner of the recordings should know; a *note* is what a reader leaves out on purpose."""

SEVERITIES: tuple[Severity, ...] = ("fault", "warning", "note")
"""The worst first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One recording, emotion or speaker that a finding concerns."""

    subject: str
    """File relative to the data folder, emotion, or speaker."""
    detail: str = ""
    """What was found there."""
    same_as: tuple[str, ...] = ()
    """Other files with the same sound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of trouble."""

    name: str
    """A word for programs: ``"silent"``."""
    severity: Severity
    text: str
    """What is wrong, for people."""

    def found(self, corpus: str, entries: Sequence[Entry]) -> Iterator[Finding]:
        """Yield the finding that these entries make; none where there are none."""
        if entries:
            yield Finding(kind=self, corpus=corpus, entries=tuple(entries))


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One kind of trouble in one corpus."""

    kind: Kind
    corpus: str
    """Empty where it concerns none."""
    entries: tuple[Entry, ...]
    """At least one."""


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings by severity, and among equals what concerns most first."""
    order = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    return tuple(sorted(findings, key=lambda f: (order[f.kind.severity], -len(f.entries))))


def n_of(findings: Sequence[Finding], severity: Severity) -> int:
    """Return how many recordings, emotions and speakers the findings of a severity concern."""
    return sum(len(f.entries) for f in findings if f.kind.severity == severity)
