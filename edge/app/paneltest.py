"""Each part of the panel by itself, so that its owner can see whether the wires are right."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Any, Final

from edge.app.panels import panel_pins
from edge.config.settings import PanelConfig
from edge.decide.outcomes import Signal
from edge.devices.gpio import PanelPins, open_pin_factory
from edge.devices.panel import GpioPanel
from edge.devices.presses import Press

_IDLE: Final = Signal(
    health="listening", state="no_speech", confidence=0.0, speaking=False, alarm=None
)
_COLOURS: Final = (("red", "angry"), ("green", "disgusted"), ("blue", "sad"))
"""Emotions whose colour is one part of an RGB LED alone."""
_PLACES: Final = {
    2: 3, 3: 5, 4: 7, 14: 8, 15: 10, 17: 11, 18: 12, 27: 13, 22: 15, 23: 16, 24: 18, 10: 19, 9: 21,
    25: 22, 11: 23, 8: 24, 7: 26, 5: 29, 6: 31, 12: 32, 13: 33, 19: 35, 16: 36, 26: 37, 20: 38,
    21: 40,
}  # fmt: skip
"""Where each GPIO stands on the header, the same on every Pi with forty pins."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One thing that is wired to a pin."""

    name: str
    pin: int
    pins: PanelPins
    """A panel of nothing else."""
    signal: Signal | None
    """What makes it light or sound; None for the button."""

    @property
    def place(self) -> int:
        """Its pin's place on the header."""
        return _PLACES[self.pin]


def parts(panel: PanelConfig) -> Iterator[Part]:
    """Yield what the configuration says is wired, in the order of its keys."""
    pins = panel_pins(panel)
    alone = PanelPins(active_high=pins.active_high, pwm=pins.pwm)
    for emotion, pin in pins.leds.items():
        lit = replace(_IDLE, state=emotion, confidence=1.0)
        yield Part(
            name=f"LED {emotion}", pin=pin, pins=replace(alone, leds={emotion: pin}), signal=lit
        )
    for (colour, emotion), pin in zip(_COLOURS, pins.rgb or (), strict=False):
        lit = replace(_IDLE, state=emotion, confidence=1.0)
        yield Part(name=f"RGB LED {colour}", pin=pin, pins=replace(alone, rgb=pins.rgb), signal=lit)
    if pins.status is not None:
        part = replace(alone, status=pins.status)
        yield Part(name="status LED", pin=pins.status, pins=part, signal=_IDLE)
    if pins.listening is not None:
        part = replace(alone, listening=pins.listening)
        yield Part(name="listening LED", pin=pins.listening, pins=part, signal=_IDLE)
    if pins.buzzer is not None:
        part = replace(alone, buzzer=pins.buzzer)
        alarm = replace(_IDLE, alarm="test", buzzer="beeps")
        yield Part(name="buzzer", pin=pins.buzzer, pins=part, signal=alarm)
    if pins.button is not None:
        part = replace(alone, button=pins.button)
        yield Part(name="button", pin=pins.button, pins=part, signal=None)


def open_pins() -> Any:
    """Return the pins of this machine.

    Raises
    ------
    SignalDeviceError
        If there are none.
    """
    return open_pin_factory()


def light(
    part: Part, factory: Any, *, seconds: float, sleep: Callable[[float], object] = time.sleep
) -> None:
    """Let one part shine or sound for a while; then it is off.

    Raises
    ------
    SignalDeviceError
        If its pin cannot be had.
    """
    panel = GpioPanel(part.pins, on_press=_ignored, pin_factory=factory)
    try:
        if part.signal:
            panel.show(part.signal)
        sleep(seconds)
    finally:
        panel.close()


def first_press(part: Part, factory: Any, *, seconds: float) -> Press | None:
    """Return what the button is pressed for, or None if nobody presses it in time.

    Raises
    ------
    SignalDeviceError
        If its pin cannot be had.
    """
    presses: SimpleQueue[Press] = SimpleQueue()
    panel = GpioPanel(part.pins, on_press=presses.put, pin_factory=factory)
    try:
        return presses.get(timeout=seconds)
    except Empty:
        return None
    finally:
        panel.close()


def all_off(panel: PanelConfig, factory: Any) -> None:
    """Turn off whatever is wired, as after a crash.

    Raises
    ------
    SignalDeviceError
        If a pin cannot be had.
    """
    outputs = replace(panel_pins(panel), button=None)
    GpioPanel(outputs, on_press=_ignored, pin_factory=factory).close()


def _ignored(press: Press) -> None:
    """Nobody is asked for it."""
