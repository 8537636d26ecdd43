"""The panel in the room: lights for emotion and health, a buzzer, a button."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

from edge.contract.labels import NO_SPEECH
from edge.decide.outcomes import Buzzer, Signal
from edge.devices import patterns
from edge.devices.button import PushButton
from edge.devices.gpio import PanelPins, claim, open_pin_factory
from edge.devices.lights import EmotionLights, Lamp, LedRow, RgbLight
from edge.devices.patterns import DARK, STEADY, Pattern
from edge.devices.presses import Press
from edge.errors import SignalDeviceError

_LOG: Final = logging.getLogger(__name__)
_SILENCE: Final[tuple[None, Buzzer]] = (None, "none")
_NOT_LISTENING: Final = {
    "starting": patterns.STARTING,
    "deaf": patterns.DEAF,
    "muted": patterns.MUTED,
}


class GpioPanel:
    """LEDs, buzzer and button on the GPIO of a Raspberry Pi.

    The emotion is shown while it listens, the brighter the surer. The listening light is on exactly
    while sound is taken in. The status light is steady while it listens, winks while somebody
    speaks, blinks slowly at the start, doubly and slowly when deaf, once in a while when muted, and
    during an alarm as the alarm's rule says. So does the buzzer, but never longer than
    `buzzer_limit_s` for one alarm and pattern, whatever becomes of the program's logic. For the
    wiring see `PanelPins`.

    Parameters
    ----------
    pins : PanelPins
        What is wired where.
    on_press : callable
        Called when the button was pressed, in its thread: it should only set a flag. What it raises
        is logged.
    pin_factory : gpiozero.pins.Factory
        Given to every device; gpiozero's global one is never used.
    buzzer_limit_s : float
        Longest sounding of one alarm in one pattern: a step that makes it louder begins anew.

    Raises
    ------
    SignalDeviceError
        If a pin is used twice, does not exist or cannot be had.
    """

    def __init__(
        self,
        pins: PanelPins,
        *,
        on_press: Callable[[Press], None],
        pin_factory: Any,
        buzzer_limit_s: float = 60.0,
    ) -> None:
        pins.check()
        self._pins = pins
        self._pin_factory = pin_factory
        self._buzzer_limit_s = buzzer_limit_s
        self._sounding: tuple[str | None, Buzzer] = _SILENCE
        self._lock = threading.Lock()
        with ExitStack() as devices:
            self._lights = self._open_lights(devices)
            self._status = self._open_lamp(devices, "status", pins.status)
            self._listening = self._open_lamp(devices, "listening", pins.listening)
            self._buzzer = self._open_lamp(devices, "buzzer", pins.buzzer)
            self._open_button(devices, on_press)
            self._devices = devices.pop_all()
        self._is_closed = False

    def show(self, signal: Signal) -> None:
        """Show what holds now; touches only what has changed. Nothing happens after `close`."""
        with self._lock:
            if self._is_closed:
                return
            is_listening = signal.health == "listening"
            if self._listening:
                self._listening.play(STEADY if is_listening else DARK)
            self._lights.show(signal.state if is_listening else NO_SPEECH, signal.confidence)
            if self._status:
                self._status.play(status_pattern(signal))
            self._sound(signal)

    def close(self) -> None:
        """Turn everything off and release the pins; may be called twice, never raises."""
        with self._lock:
            self._is_closed = True
            try:
                self._devices.close()
            except Exception:  # noqa: BLE001 - on the way out nothing may stand in the way
                _LOG.exception("the panel did not close properly")

    def _sound(self, signal: Signal) -> None:
        sounding = _SILENCE if signal.alarm is None else (signal.alarm, signal.buzzer)
        if self._buzzer is None or sounding == self._sounding:
            return
        self._sounding = sounding
        self._buzzer.play(DARK)
        if sounding != _SILENCE:
            sound = patterns.ALARM_SOUNDS[signal.buzzer]
            self._buzzer.play(sound.limited_to(self._buzzer_limit_s))

    def _open_lights(self, devices: ExitStack) -> EmotionLights:
        import gpiozero

        pins = self._pins
        if pins.rgb is None:
            lamps = {
                name: self._lamp(devices, f"LED {name!r}", pin, self._led_class())
                for name, pin in pins.leds.items()
            }
            return LedRow(lamps)
        red, green, blue = pins.rgb
        device = claim(
            "RGB LED",
            pins.rgb,
            lambda: gpiozero.RGBLED(
                red,
                green,
                blue,
                active_high=pins.active_high,
                pwm=pins.pwm,
                pin_factory=self._pin_factory,
            ),
        )
        return RgbLight(_kept(devices, device), dims=pins.pwm)

    def _led_class(self) -> Any:
        import gpiozero

        return gpiozero.PWMLED if self._pins.pwm else gpiozero.LED

    def _open_lamp(self, devices: ExitStack, part: str, pin: int | None) -> Lamp | None:
        import gpiozero

        if pin is None:
            return None
        return self._lamp(devices, part, pin, gpiozero.Buzzer if part == "buzzer" else gpiozero.LED)

    def _lamp(self, devices: ExitStack, part: str, pin: int, device_class: Any) -> Lamp:
        active_high = self._pins.active_high
        device = claim(
            part,
            pin,
            lambda: device_class(pin, active_high=active_high, pin_factory=self._pin_factory),
        )
        return _kept(devices, device)

    def _open_button(self, devices: ExitStack, on_press: Callable[[Press], None]) -> None:
        import gpiozero

        pin = self._pins.button
        if pin is None:
            return
        button = claim(
            "button",
            pin,
            lambda: gpiozero.DigitalInputDevice(pin, pull_up=True, pin_factory=self._pin_factory),
        )
        devices.callback(PushButton(button, on_press=on_press).close)


class NullPanel:
    """A panel that is not there: for machines without GPIO."""

    def show(self, signal: Signal) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Close nothing."""


def open_panel(
    pins: PanelPins,
    *,
    on_press: Callable[[Press], None],
    buzzer_limit_s: float = 60.0,
    pin_factory: Any = None,
    work_dir: str | None = None,
) -> GpioPanel | NullPanel:
    """Return the panel of this machine, or a `NullPanel` (and one line in the log that says why).

    Parameters
    ----------
    pins, on_press, buzzer_limit_s
        As `GpioPanel`.
    pin_factory : gpiozero.pins.Factory, optional
        Default: the best one of this machine.
    work_dir : str, optional
        See `edge.devices.gpio.open_pin_factory`.

    Raises
    ------
    SignalDeviceError
        If there is a GPIO, but the pins are wrong or taken.
    """
    pins.check()
    if not pins.used:
        return NullPanel()
    if pin_factory is None:
        try:
            pin_factory = open_pin_factory(work_dir=work_dir)
        except SignalDeviceError as error:
            _LOG.warning("no panel: %s", error)
            return NullPanel()
        atexit.register(pin_factory.close)
    panel = GpioPanel(
        pins,
        on_press=on_press,
        pin_factory=pin_factory,
        buzzer_limit_s=buzzer_limit_s,
    )
    atexit.register(panel.close)
    return panel


def status_pattern(signal: Signal) -> Pattern:
    """Return what the status light does; an alarm outshines everything but the end."""
    if signal.health == "stopped":
        return DARK
    alarm = None if signal.alarm is None else patterns.ALARM_LIGHTS[signal.light]
    if alarm is not None:
        return alarm
    if signal.health == "listening":
        return patterns.SPEAKING if signal.speaking else patterns.LISTENING
    return _NOT_LISTENING[signal.health]


def _kept(devices: ExitStack, device: Any) -> Lamp:
    lamp = Lamp(device)
    devices.callback(lamp.close)
    return lamp
