"""What the lights and the buzzer do, as data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, repeat
from typing import Final

from edge.decide.outcomes import Buzzer, Light

Step = tuple[float, float]
"""Seconds on, then seconds off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """A rhythm of on and off."""

    steps: tuple[Step, ...]
    """Played in this order; none at all means dark."""
    n_repeats: int | None = None
    """How often the steps are played; None means without end. Afterwards it is dark."""

    @property
    def is_steady(self) -> bool:
        """Whether it never changes: dark, or on without a pause and without end."""
        return not self.steps or (self.n_repeats is None and all(off == 0 for _, off in self.steps))

    @property
    def period_s(self) -> float:
        """Duration of all steps, once."""
        return sum(on_s + off_s for on_s, off_s in self.steps)

    def timeline(self) -> Iterator[Step]:
        """Yield every step in turn, repeats included."""
        if not self.steps:
            return iter(())
        times = () if self.n_repeats is None else (self.n_repeats,)
        return chain.from_iterable(repeat(self.steps, *times))

    def limited_to(self, limit_s: float) -> Pattern:
        """Return this pattern, ending by itself after at most `limit_s` (but once in any case)."""
        if not self.steps:
            return self
        n_most = max(1, math.floor(limit_s / self.period_s))
        return replace(self, n_repeats=min(n_most, self.n_repeats or n_most))


DARK: Final = Pattern(steps=())
STEADY: Final = Pattern(steps=((1.0, 0.0),))

LISTENING: Final = STEADY
"""Status light: it hears, nobody speaks."""
SPEAKING: Final = Pattern(steps=((0.4, 0.1),))
"""Status light: it hears somebody speak; a quick wink that is mostly light."""
STARTING: Final = Pattern(steps=((0.5, 0.5),))
"""Status light: not ready yet."""
DEAF: Final = Pattern(steps=((0.15, 0.2), (0.15, 2.0)))
"""Status light: it hears nothing; a slow double blink that nobody takes for "all is well"."""
MUTED: Final = Pattern(steps=((0.1, 3.9),))
"""Status light: its owner wants it to hear nothing; one short blink now and then."""
UNCERTAIN: Final = Pattern(steps=((0.3, 1.2),))
"""Emotion light: somebody speaks, but no emotion is sure enough."""

ALARM_LIGHTS: Final[Mapping[Light, Pattern | None]] = {
    "none": None,
    "slow": Pattern(steps=((1.0, 1.0),)),
    "double": Pattern(steps=((0.1, 0.1), (0.1, 0.5))),
    "fast": Pattern(steps=((0.1, 0.1),)),
}
"""Status light while an alarm sounds; None leaves it as it is without one."""
ALARM_SOUNDS: Final[Mapping[Buzzer, Pattern]] = {
    "none": DARK,
    "soft": Pattern(steps=((0.05, 2.95),)),
    "beeps": Pattern(steps=((0.2, 0.1), (0.2, 0.1), (0.2, 1.2))),
    "long": Pattern(steps=((1.5, 0.5),)),
}
"""Buzzer while an alarm sounds: a chirp each three seconds, three short beeps each two seconds, or
more sound than silence."""
