"""A panel on gpiozero's mock pins, which record everything that happens to them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from edge.decide.outcomes import Signal

QUIET = Signal(health="listening", state="no_speech", confidence=0.0, speaking=False, alarm=None)
"""It listens, and nobody speaks."""


def signal(**changes: Any) -> Signal:
    """Return `QUIET` with changes."""
    return replace(QUIET, **changes)


@dataclass(frozen=True)
class MockBoard:
    """The pins of a mock factory."""

    factory: Any

    @classmethod
    def new(cls) -> MockBoard:
        from gpiozero.pins.mock import MockFactory, MockPWMPin

        return cls(MockFactory(pin_class=MockPWMPin))

    def pin(self, number: int) -> Any:
        """Return a pin; asking for it early is what keeps its whole history."""
        return self.factory.pin(number)

    def history(self, number: int) -> list[float]:
        """Return every state that the pin was in, from the beginning."""
        return [float(change.state) for change in self.pin(number).states]

    def states(self, numbers: Sequence[int]) -> list[float]:
        """Return the present states."""
        return [float(self.pin(number).state) for number in numbers]

    def wait_for(self, number: int, history: list[float], *, limit_s: float = 5.0) -> list[float]:
        """Return the pin's history once it is as long as `history`, or after `limit_s`."""
        deadline_s = time.monotonic() + limit_s
        while len(self.history(number)) < len(history) and time.monotonic() < deadline_s:
            time.sleep(0.001)
        return self.history(number)
