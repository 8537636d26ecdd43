"""What the running program says of itself: a small file that is written anew each second.

Everybody may read it: `ser-edge status`, the doctor, a push that waits for its trial.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from edge.config.places import NAME, Places
from edge.contract import tables
from edge.decide.outcomes import Severity
from edge.record.moments import boot_id

SCHEMA: Final = 1
STATUS_FILE: Final = "status.json"
STALE_S: Final = 5.0
"""A status that is older tells of a program that is stuck."""

_MODE: Final = 0o644


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelStatus:
    """The model that listens."""

    id: str | None
    """Its id in the store; None for one that comes with the program or that the config names."""
    name: str
    version: str
    sha256: str
    """Of the whole file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """Milliseconds of features and inference for one hop, over the last minute or so."""

    median: float
    p95: float
    max: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmStatus:
    """An alarm that nobody has acknowledged yet."""

    id: str
    rule: str
    """Name of the rule, or ``trouble: deaf`` and the like."""
    severity: Severity
    reason: str
    raised: str
    """RFC 3339 with the local offset of then."""
    sounding: bool
    """Whether it is seen and heard in the room now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """One look at the running program."""

    schema: int
    pid: int
    boot_id: str
    version: str
    """Of the program."""
    started_utc: str
    updated_utc: str
    updated_monotonic_s: float
    """Seconds since the boot: a wall clock may jump."""
    health: Literal["starting", "listening", "deaf", "muted", "stopped"]
    fault: str | None
    """Why it is deaf, as a sentence for people."""
    source: str
    model: ModelStatus
    on_trial: bool
    state: str
    confidence: float
    speaking: bool
    level_dbfs: float
    n_windows: int
    latency_ms: Latency | None
    """None before the first windows."""
    hop_s: float
    n_lost: int
    """Samples, at the source's rate, that were lost since the start."""
    alarm: str | None
    trouble: tuple[str, ...]
    """What else is wrong, as sentences for people: it listens in spite of them."""
    room: str = ""
    """Name of the room."""
    state_since: str | None = None
    """RFC 3339: when the state began."""
    alarms: tuple[AlarmStatus, ...] = ()
    """Oldest first."""
    snoozed_until: str | None = None
    """RFC 3339: until when no alarm is raised."""
    probabilities: dict[str, float] = field(default_factory=dict)
    """Smoothed probability of each emotion; empty where nobody speaks."""
    newest_message: int = 0
    """Greatest id in the outbox."""

    @property
    def age_s(self) -> float:
        """Seconds since it was written; only means something within the same boot."""
        return time.monotonic() - self.updated_monotonic_s

    @property
    def alive(self) -> bool:
        """Whether the program that wrote it runs, and its loop turns."""
        if self.health == "stopped" or self.boot_id != boot_id():
            return False
        return 0.0 <= self.age_s < STALE_S and _runs(self.pid)


def status_file(places: Places) -> Path:
    """Return where this process writes its status."""
    return places.runtime_directory() / STATUS_FILE


def find_status(places: Places) -> Status | None:
    """Return the status of the program that runs, the user's own or the system's service.

    Where none runs it is the last word of one that did, and None without any.
    """
    files = dict.fromkeys((status_file(places), places.root / "run" / NAME / STATUS_FILE))
    found = [status for status in map(read_status, files) if status]
    by_worth = sorted(found, key=lambda status: (status.alive, status.updated_utc), reverse=True)
    return by_worth[0] if by_worth else None


def read_status(path: Path) -> Status | None:
    """Return the status in a file; None where there is none that this program understands."""
    try:
        return tables.from_table(Status, json.loads(path.read_bytes()), path="")
    except (OSError, ValueError):
        return None


def write_status(path: Path, status: Status) -> None:
    """Write the status, whole or not at all.

    Raises
    ------
    OSError
    """
    part = path.with_name(f".{path.name}.{status.pid}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.write_text(json.dumps(tables.to_table(status), ensure_ascii=False) + "\n")
        part.chmod(_MODE)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs, as another user
        return True
    return True
