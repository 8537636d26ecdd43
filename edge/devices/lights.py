"""Outputs that play patterns, and the two ways to show an emotion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from edge.contract.labels import NO_SPEECH, UNCERTAIN
from edge.devices import patterns
from edge.devices.patterns import DARK, STEADY, Pattern

Level = float | tuple[float, float, float]
"""Brightness 0 to 1, or the same for red, green and blue."""

_DIMMEST: Final = 0.2
"""An LED below this looks dark in a lit room."""
_N_LEVELS: Final = 10
"""Steps of brightness: the eye sees no finer, and each change is a write to the pin."""

COLOURS: Final[dict[str, tuple[float, float, float]]] = {
    "calm": (1.0, 0.7, 0.5),
    "happy": (1.0, 0.8, 0.0),
    "sad": (0.0, 0.0, 1.0),
    "angry": (1.0, 0.0, 0.0),
    "fearful": (0.6, 0.0, 1.0),
    "disgusted": (0.0, 1.0, 0.0),
    "surprised": (0.0, 1.0, 1.0),
    "neutral": (1.0, 1.0, 1.0),
    UNCERTAIN: (0.5, 0.5, 0.5),
}
"""Without dimming each part is rounded to on or off; then only calm and neutral look alike."""


class EmotionLights(Protocol):
    """Whatever shows the decided state."""

    def show(self, state: str, confidence: float) -> None:
        """Show one of `edge.contract.labels.STATES`; dark for ``no_speech``."""


class Lamp:
    """One gpiozero output that plays patterns, in a thread of gpiozero's kind.

    Parameters
    ----------
    device : gpiozero.OutputDevice
        An `LED`, `PWMLED`, `RGBLED` or `Buzzer`.
    """

    def __init__(self, device: Any) -> None:
        self._device = device
        self._thread: Any = None
        self._showing: tuple[Pattern, Level] = (DARK, 0.0)

    def play(self, pattern: Pattern, level: Level = 1.0) -> None:
        """Play from the beginning; what is played already just goes on."""
        if (pattern, level) == self._showing:
            return
        self._stop()
        self._showing = (pattern, level)
        if not pattern.steps:
            self._device.off()
        elif pattern.is_steady:
            self._device.value = level
        else:
            self._start(pattern, level)

    def close(self) -> None:
        """Go dark and release the pin."""
        try:
            self._stop()
            self._device.off()
        finally:
            self._device.close()

    def _start(self, pattern: Pattern, level: Level) -> None:
        from gpiozero.threads import GPIOThread

        thread: Any = GPIOThread(lambda: self._run(pattern, level, thread.stopping.wait))
        self._thread = thread
        thread.start()

    def _run(self, pattern: Pattern, level: Level, wait: Callable[[float], bool]) -> None:
        for on_s, off_s in pattern.timeline():
            self._device.value = level
            if wait(on_s):
                return
            self._device.off()
            if wait(off_s):
                return

    def _stop(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()


class LedRow:
    """One LED for each emotion."""

    def __init__(self, lamps: Mapping[str, Lamp]) -> None:
        self._lamps = lamps

    def show(self, state: str, confidence: float) -> None:
        """Light the state's LED, if it has one; the others go dark."""
        for name, lamp in self._lamps.items():
            if name != state:
                lamp.play(DARK)
        if state in self._lamps:
            self._lamps[state].play(_rhythm(state), brightness(state, confidence))


class RgbLight:
    """One light with a colour for each emotion."""

    def __init__(self, lamp: Lamp, *, dims: bool) -> None:
        self._lamp = lamp
        self._dims = dims

    def show(self, state: str, confidence: float) -> None:
        """Take the state's colour; dark for ``no_speech``."""
        if state == NO_SPEECH:
            self._lamp.play(DARK)
        else:
            self._lamp.play(_rhythm(state), self._colour(state, confidence))

    def _colour(self, state: str, confidence: float) -> tuple[float, float, float]:
        red, green, blue = COLOURS[state]
        if not self._dims:
            return (float(red >= 0.5), float(green >= 0.5), float(blue >= 0.5))
        bright = brightness(state, confidence)
        return (round(red * bright, 3), round(green * bright, 3), round(blue * bright, 3))


def brightness(state: str, confidence: float) -> float:
    """Return how bright a state is shown, 0.2 to 1 in steps of 0.1; uncertainty is not graded."""
    if state == UNCERTAIN:
        return 1.0
    return max(_DIMMEST, round(confidence * _N_LEVELS) / _N_LEVELS)


def _rhythm(state: str) -> Pattern:
    return patterns.UNCERTAIN if state == UNCERTAIN else STEADY
