"""A finding, and the check that comes to one whatever happens to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from edge.devices.timelimit import finishes_within
from edge.errors import SerError

Verdict = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """The outcome of one check."""

    name: str
    verdict: Verdict
    found: str
    remedy: str = ""
    """What to do; empty if all is well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """Something to look at."""

    name: str
    look: Callable[[], Finding]
    limit_s: float = 15.0

    def finding(self) -> Finding:
        """Look; what cannot even be looked at is a problem, never an end of the examination."""
        found: list[Finding] = []
        if finishes_within(self.limit_s, lambda: found.append(self._looked())):
            return found[0]
        return Finding(
            name=self.name,
            verdict="problem",
            found=f"no answer within {self.limit_s:g} s: a driver or a disk hangs",
            remedy="`sudo reboot`; if it comes again, unplug what was plugged in last",
        )

    def _looked(self) -> Finding:
        try:
            return self.look()
        except SerError as error:
            found, _, remedy = str(error).partition("; ")
        except Exception as error:  # noqa: BLE001 - the doctor goes on to the next patient
            found = f"{type(error).__name__}: {error}"
            remedy = "report this: `ser-edge support` makes a file to send along"
        return Finding(name=self.name, verdict="problem", found=found, remedy=remedy)


def well(name: str, found: str) -> Finding:
    """Return a finding with nothing to do."""
    return Finding(name=name, verdict="ok", found=found)


def not_applicable(name: str, why: str) -> Finding:
    """Return the finding of a check that makes no sense on this machine."""
    return well(name, f"not applicable: {why}")
