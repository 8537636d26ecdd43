"""What became of a push at each host, and what that means for the exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from edge.errors import (
    EXIT_IO,
    EXIT_UNAVAILABLE,
    BundleError,
    RolledBackError,
    SerError,
)

Outcome = Literal[
    "answered",
    "changed",
    "unchanged",
    "refused",
    "rolled back",
    "unreachable",
    "failed",
    "not tried",
]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
GOOD: Final[tuple[Outcome, ...]] = ("answered", "changed", "unchanged")


class RefusedError(BundleError):
    """A device did not want the model."""


class UnreachableError(SerError, ConnectionError):
    """A device could not be reached."""

    exit_code = EXIT_UNAVAILABLE


class DeliveryError(SerError, OSError):
    """A push broke off, or a device could not do what it was asked for."""

    exit_code = EXIT_IO


# From bad to worse: the last of those that happened decides about the exit code.
_ERRORS: Final[dict[Outcome, type[SerError]]] = {
    "refused": RefusedError,
    "rolled back": RolledBackError,
    "unreachable": UnreachableError,
    "not tried": DeliveryError,
    "failed": DeliveryError,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class HostReport:
    """What became of one host."""

    host: str
    outcome: Outcome
    why: str
    """One sentence: the device's own, or ours where it said nothing."""
    model: str | None = None
    """What runs there now, as far as it is known."""
    previous: str | None = None
    device: dict[str, Any] | None = None
    """What it told of itself when it was greeted."""
    n_sent: int = 0
    """Bytes of the model that were sent, over all attempts."""
    n_attempts: int = 0
    duration_s: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether the host has the model, or has said what it was asked."""
        return self.outcome in GOOD

    def to_table(self) -> dict[str, Any]:
        """Return what ``--json`` shows."""
        return asdict(self)


def error_of(reports: Sequence[HostReport], *, subject: str) -> SerError | None:
    """Return the error by which the verb ends, none where every host has the model.

    Parameters
    ----------
    reports : sequence of HostReport
    subject : str
        Name and version of the model.
    """
    counts = Counter(report.outcome for report in reports if not report.is_good)
    # Where something was tried and went wrong, that decides, not what was left out because of it.
    tried = [outcome for outcome in _ERRORS if counts[outcome] and outcome != "not tried"]
    if not counts:
        return None
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome])
    return _ERRORS[tried[-1] if tried else "not tried"](
        f"{counts.total()} of {_hosts(len(reports))} without {subject}: {told}; "
        "see each host's line, and run the same command again when that is mended"
    )


def _hosts(n: int) -> str:
    return "1 host" if n == 1 else f"{n} hosts"
