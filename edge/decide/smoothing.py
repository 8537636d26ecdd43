"""Exponential smoothing of probabilities over windows."""

from __future__ import annotations

import math


class ProbabilitySmoother:
    """First-order low-pass over the windows with speech.

    Parameters
    ----------
    time_constant_s : float
        Time after which a step has been followed by 63 %; 0 is no smoothing.
    hop_s : float
        Time from one window to the next.
    """

    def __init__(self, *, time_constant_s: float, hop_s: float) -> None:
        self._weight = 1.0 - math.exp(-hop_s / time_constant_s) if time_constant_s else 1.0
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next probabilities are taken as they come."""
        self._smoothed: dict[str, float] = {}

    def take_over(self, former: ProbabilitySmoother) -> None:
        """Go on where another one stands."""
        self._smoothed = dict(former._smoothed)

    def push(self, probabilities: dict[str, float]) -> dict[str, float]:
        """Take the probabilities of the next window and return the smoothed ones."""
        # Another model may have taken over, with other labels.
        fits = self._smoothed.keys() == probabilities.keys()
        before = self._smoothed if fits else probabilities
        self._smoothed = {
            emotion: before[emotion] + self._weight * (now - before[emotion])
            for emotion, now in probabilities.items()
        }
        return dict(self._smoothed)
