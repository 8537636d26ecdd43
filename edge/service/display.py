"""Passes signals on to the panel of LEDs and buzzer."""

from __future__ import annotations

from typing import Protocol

from edge.decide.outcomes import Signal
from edge.service.happenings import Happening


class Panel(Protocol):
    """LEDs, buzzer, or anything else that shows a signal."""

    def show(self, signal: Signal) -> None:
        """Show the signal; cheap where nothing has changed."""

    def close(self) -> None:
        """Turn everything off."""


class PanelListener:
    """The listener that lights the panel: it cares for signals only."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def take(self, outcome: Happening, *, state: str) -> None:
        """Outcomes reach the panel as the next signal."""

    def show(self, signal: Signal) -> None:
        """Light the panel."""
        self._panel.show(signal)

    def close(self) -> None:
        """Turn everything off."""
        self._panel.close()
