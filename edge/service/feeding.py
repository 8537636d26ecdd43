"""When the watchdog is fed: a rule without a clock of its own.

It is asked from within the loop: one that is stuck asks nothing, and is never fed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulse:
    """Signs of life, in seconds of one clock; None for what has never been."""

    began_s: float
    """When the loop began."""
    sound_at_s: float | None
    """When the newest block of sound came."""
    sound_since_s: float | None
    """Since when blocks have come without a long pause."""
    window_at_s: float | None
    """When the newest window was scored."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long each sign of life may stay away."""

    sound_s: float
    """Longest pause between blocks of a microphone that is there."""
    window_s: float
    """Longest time with sound, but without a scored window."""
    deaf_s: float
    """Longest time without a microphone, while it is opened again and again."""


def deserves_food(pulse: Pulse, patience: Patience, *, now_s: float) -> bool:
    """Return whether all is well enough that systemd need not start the program afresh."""
    heard_s = pulse.began_s if pulse.sound_at_s is None else pulse.sound_at_s
    if pulse.sound_at_s is None or now_s - heard_s > patience.sound_s:
        return now_s - heard_s <= patience.deaf_s
    # A window takes its length of sound, and an old one from before a pause proves nothing.
    signs = (pulse.sound_since_s, pulse.window_at_s)
    return now_s - max(sign for sign in signs if sign is not None) <= patience.window_s
