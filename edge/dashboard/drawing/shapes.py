"""A shape for each state and sign, so that no meaning hangs on colour alone."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

# Each in a square of 24 by 24.
FILLED: Final = {
    "calm": "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18z",
    "happy": "M12 1.5l3.1 6.8 7.4.8-5.5 5 1.5 7.4-6.5-3.7-6.5 3.7 1.5-7.4-5.5-5 7.4-.8z",
    "sad": "M12 1.5c4 5.6 7 9.3 7 13a7 7 0 0 1-14 0c0-3.7 3-7.4 7-13z",
    "angry": "M12 2.5l10.5 18.5h-21z",
    "fearful": "M12 1l9.5 11-9.5 11-9.5-11z",
    "disgusted": "M7 2.5l5 5 5-5 4.5 4.5-5 5 5 5-4.5 4.5-5-5-5 5-4.5-4.5 5-5-5-5z",
    "surprised": "M14 1l-10 13h6.5l-2 9 11-13.5h-7z",
    "neutral": "M4 4h16v16h-16z",
}
"""Emotions: outlined in ink, filled with their colour."""

STROKED: Final = {
    "uncertain": "M7.5 8.5a4.5 4.5 0 1 1 6.5 4c-1.3.7-2 1.6-2 3v.5M12 20v.5",
    "no_speech": "M4 12h16",
    "listening": "M9 5a3 3 0 0 1 6 0v6a3 3 0 0 1-6 0zM5.5 10.5v.5a6.5 6.5 0 0 0 13 0v-.5"
    "M12 17.5v4M8.5 21.5h7",
    "muted": "M9 5a3 3 0 0 1 6 0v6a3 3 0 0 1-6 0zM5.5 10.5v.5a6.5 6.5 0 0 0 13 0v-.5"
    "M12 17.5v4M8.5 21.5h7M3 3l18 18",
    "deaf": "M12 2.5l10 18h-20zM12 9v5M12 17v.5",
    "starting": "M12 3a9 9 0 1 0 9 9M12 7v5l3 2",
    "away": "M5 5l14 14M19 5l-14 14",
    "alarm": "M12 3a6 6 0 0 1 6 6c0 5 2 6.5 2 8h-16c0-1.5 2-3 2-8a6 6 0 0 1 6-6z"
    "M10 20.5a2.2 2.2 0 0 0 4 0",
    "done": "M4 12.5l5.5 5.5 10.5-12",
    "snoozed": "M5 4h8l-8 9h8M15 12h5l-5 7h5",
}
"""Signs: lines in ink."""


def icon(name: str) -> Markup:
    """Return the shape of a state, or a sign; what it means stands beside it in words."""
    kind, path = ("shape", FILLED[name]) if name in FILLED else ("sign", STROKED[name])
    return Markup(
        '<svg class="{} s-{}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        '<path d="{}"/></svg>'
    ).format(kind, name, path)


def symbol_at(state: str, x: float, y: float, size: float) -> Markup:
    """Return a state's shape for use within another picture, centred at a place."""
    scale = size / 24
    place = f"translate({x - size / 2:.1f} {y - size / 2:.1f}) scale({scale:.2f})"
    return Markup('<path class="s-{}" transform="{}" d="{}"/>').format(state, place, FILLED[state])
