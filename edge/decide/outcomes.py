"""The vocabulary between rooms: what the pipeline hands to those who act.

All positions are indices of samples at the model's rate since the stream began.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """What the model says of one window."""

    start_sample: int
    end_sample: int
    speech_s: float
    """Seconds of speech within the window, as the speech gate heard it."""
    level_dbfs: float
    """RMS level of the newest hop; a full-scale square wave has 0, silence -120."""
    is_speech: bool
    """Whether there was enough speech, and the model did not veto."""
    probabilities: dict[str, float] | None
    """Calibrated probability of each emotion, sum 1; None where there was too little speech."""
    inference_ms: float
    """Time that the interpreter took; 0 where it did not run. The one figure not from the sound."""
    n_lost: int = 0
    """Samples, at the source's rate, that were lost since the window before."""
    plain: dict[str, float] | None = None
    """What the model itself said, where the probabilities are relative to a person's usual voice
    (`edge.decide.baseline`); None where they are the model's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """The decided state has changed (or has begun)."""

    at_sample: int
    state: str
    """One of `edge.contract.labels.STATES`."""
    confidence: float
    """Smoothed probability of the state's emotion, 0 to 1; 0 for ``no_speech``."""
    probabilities: dict[str, float]
    """Smoothed probabilities; empty for ``no_speech``."""
    level_dbfs: float
    inference_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """What a rule waits for has begun to hold, or holds no more."""

    at_sample: int
    rule: str
    """Name of the rule in the configuration."""
    phase: Literal["began", "ended"]
    reason: str
    """Why, in words: ``"distress for 12 s of the last 20 s"``, ``"rule removed"``."""
    confidence: float
    """Highest smoothed confidence that counted for the rule."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CauseNow:
    """A cause that holds now."""

    reason: str
    """Why, as a sentence or the middle of one, for people."""
    confidence: float = 1.0


Outcome = Scores | Event | Cause

Severity = Literal["notice", "warning", "urgent"]
SEVERITIES: Final[tuple[Severity, ...]] = ("notice", "warning", "urgent")
"""The least first."""
Light = Literal["none", "slow", "double", "fast"]
"""What the status light does during an alarm."""
Buzzer = Literal["none", "soft", "beeps", "long"]
"""What the buzzer does during an alarm."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """What the panel (LEDs, buzzer) and the terminal shall show now."""

    health: Literal["starting", "listening", "deaf", "muted", "stopped"]
    state: str
    """One of `edge.contract.labels.STATES`."""
    confidence: float
    speaking: bool
    """Whether speech is heard right now."""
    alarm: str | None
    """Name of the rule whose alarm sounds, or None."""
    light: Light = "none"
    """How the alarm is to be seen."""
    buzzer: Buzzer = "none"
    """How the alarm is to be heard."""
    level_dbfs: float = -120.0
    """RMS level of the last tenth of a second."""
    fault: str | None = None
    """Why the health is ``deaf``, as a sentence for people."""
