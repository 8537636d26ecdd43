"""The rows of the log, as others read them; the names are the keys of the exports."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final, TypeVar


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What every row knows of its moment."""

    TABLE: ClassVar[str]

    id: int
    session: int
    sequence: int
    """Order within the session over all kinds of rows; a gap shows a lost row."""
    time: str
    """RFC 3339 with the local offset of then."""
    clock_synced: bool | None
    """Whether the network had set the clock; None where that could not be known."""
    at_s: float
    """Position in the stream, seconds since the session began to listen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRow(Row):
    """A decided state."""

    TABLE = "events"

    at_sample: int
    state: str
    confidence: float
    duration_s: float | None
    """None while the state lasts."""
    interrupted: bool
    """Whether the run ended without a stop, so that the duration is what is known of it."""
    probabilities: dict[str, float]
    model: str
    level_dbfs: float
    inference_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRow(Row):
    """Something happened to an alarm."""

    TABLE = "alerts"

    alarm: str
    """Names the alarm; its rows are its history."""
    rule: str
    phase: str
    severity: str
    reason: str
    who: str
    """Who did it; empty for the program itself."""
    note: str
    confidence: float
    step: int
    """How often it has been escalated."""
    notify: tuple[str, ...]
    """Channels that were to be told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MinuteRow(Row):
    """What a minute held."""

    TABLE = "minutes"

    length_s: float
    states_s: dict[str, float]
    speech_s: float
    mean_level_dbfs: float
    max_level_dbfs: float
    n_windows: int
    inference_ms_p95: float
    n_lost: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteRow(Row):
    """Something about the program itself."""

    TABLE = "notes"

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionRow(Row):
    """Somebody has snoozed or muted, or ended that."""

    TABLE = "actions"

    action: str
    who: str
    note: str
    until: str | None
    """The end of a snooze, RFC 3339."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedbackRow(Row):
    """Somebody said whether the program was right."""

    TABLE = "feedback"

    alarm: str | None
    """The alarm that is judged; None where it is the state."""
    heard_at: str
    """The moment that is judged, RFC 3339."""
    verdict: str
    """``right`` or ``wrong``."""
    truth: str | None
    """The state that it really was, where somebody said so."""
    who: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionRow:
    """A stretch of listening with one model and one set of thresholds."""

    id: int
    boot_id: str
    started: str
    stopped: str | None
    interrupted: bool
    version: str
    model: str
    thresholds: dict[str, dict[str, float | str]]


KINDS: Final[tuple[type[Row], ...]] = (
    EventRow,
    AlertRow,
    MinuteRow,
    NoteRow,
    ActionRow,
    FeedbackRow,
)

B = TypeVar("B", bound=Row | SessionRow)

_JSON: Final = ("probabilities", "states_s", "thresholds")
_BOOLEAN: Final = ("clock_synced", "interrupted")


def build(cls: type[B], row: sqlite3.Row) -> B:
    """Return a row of the file as an object of its kind."""
    return cls(**{f.name: _decoded(f.name, row[f.name]) for f in fields(cls)})


def _decoded(name: str, value: Any) -> Any:
    if name in _JSON:
        return json.loads(value)
    if name == "notify":
        return tuple(json.loads(value))
    if name in _BOOLEAN and value is not None:
        return bool(value)
    return value
