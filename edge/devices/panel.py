"""The panel in the room: lights for emotion and health, a buzzer, a button."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

from edge.contract.labels import NO_SPEECH
from edge.decide.outcomes import Signal
from edge.devices import patterns
from edge.devices.gpio import PanelPins, claim, open_pin_factory
from edge.devices.lights import EmotionLights, Lamp, LedRow, RgbLight
from edge.devices.patterns import DARK, Pattern
from edge.errors import SignalDeviceError

_LOG: Final = logging.getLogger(__name__)
_DEBOUNCE_S: Final = 0.05


class GpioPanel:
    """LEDs, buzzer and button on the GPIO of a Raspberry Pi.

    The emotion is shown while it listens, the brighter the surer. The status light is steady while
    it listens, winks while somebody speaks, blinks slowly at the start, doubly and slowly when deaf
    and fast during an alarm. The buzzer beeps during an alarm, but never longer than
    `buzzer_limit_s` for one alarm, whatever becomes of the program's logic. For the wiring see
    `PanelPins`.

    Parameters
    ----------
    pins : PanelPins
        What is wired where.
    on_acknowledge : callable
        Called when the button is pressed, in gpiozero's thread: it should only set a flag. What it
        raises is logged.
    pin_factory : gpiozero.pins.Factory
        Given to every device; gpiozero's global one is never used.
    buzzer_limit_s : float
        Longest sounding of one alarm.

    Raises
    ------
    SignalDeviceError
        If a pin is used twice, does not exist or cannot be had.
    """

    def __init__(
        self,
        pins: PanelPins,
        *,
        on_acknowledge: Callable[[], None],
        pin_factory: Any,
        buzzer_limit_s: float = 60.0,
    ) -> None:
        pins.check()
        self._pins = pins
        self._pin_factory = pin_factory
        self._on_acknowledge = on_acknowledge
        self._beep = patterns.ALARM_BEEP.limited_to(buzzer_limit_s)
        self._alarm: str | None = None
        self._lock = threading.Lock()
        with ExitStack() as devices:
            self._lights = self._open_lights(devices)
            self._status = self._open_lamp(devices, "status", pins.status)
            self._buzzer = self._open_lamp(devices, "buzzer", pins.buzzer)
            self._open_button(devices)
            self._devices = devices.pop_all()
        self._is_closed = False

    def show(self, signal: Signal) -> None:
        """Show what holds now; touches only what has changed. Nothing happens after `close`."""
        with self._lock:
            if self._is_closed:
                return
            is_listening = signal.health == "listening"
            self._lights.show(signal.state if is_listening else NO_SPEECH, signal.confidence)
            if self._status:
                self._status.play(status_pattern(signal))
            self._sound(signal.alarm if signal.buzzer != "none" else None)

    def close(self) -> None:
        """Turn everything off and release the pins; may be called twice, never raises."""
        with self._lock:
            self._is_closed = True
            try:
                self._devices.close()
            except Exception:  # noqa: BLE001 - on the way out nothing may stand in the way
                _LOG.exception("the panel did not close properly")

    def _sound(self, alarm: str | None) -> None:
        if self._buzzer is None or alarm == self._alarm:
            return
        self._alarm = alarm
        self._buzzer.play(DARK)
        if alarm is not None:
            self._buzzer.play(self._beep)

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

    def _open_button(self, devices: ExitStack) -> None:
        import gpiozero

        pin = self._pins.button
        if pin is None:
            return
        button = claim(
            "button",
            pin,
            lambda: gpiozero.Button(pin, bounce_time=_DEBOUNCE_S, pin_factory=self._pin_factory),
        )
        devices.callback(button.close)
        button.when_pressed = self._acknowledge

    def _acknowledge(self) -> None:
        try:
            self._on_acknowledge()
        except Exception:  # noqa: BLE001 - it would end gpiozero's thread, and the button with it
            _LOG.exception("the acknowledge button came to nothing")


class NullPanel:
    """A panel that is not there: for machines without GPIO."""

    def show(self, signal: Signal) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Close nothing."""


def open_panel(
    pins: PanelPins,
    *,
    on_acknowledge: Callable[[], None],
    buzzer_limit_s: float = 60.0,
    pin_factory: Any = None,
    work_dir: str | None = None,
) -> GpioPanel | NullPanel:
    """Return the panel of this machine, or a `NullPanel` (and one line in the log that says why).

    Parameters
    ----------
    pins, on_acknowledge, buzzer_limit_s
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
        on_acknowledge=on_acknowledge,
        pin_factory=pin_factory,
        buzzer_limit_s=buzzer_limit_s,
    )
    atexit.register(panel.close)
    return panel


def status_pattern(signal: Signal) -> Pattern:
    """Return what the status light does; an alarm outshines everything but the end."""
    if signal.health == "stopped":
        return DARK
    if signal.alarm is not None:
        return patterns.ALARM
    if signal.health == "listening":
        return patterns.SPEAKING if signal.speaking else patterns.LISTENING
    return patterns.DEAF if signal.health == "deaf" else patterns.STARTING


def _kept(devices: ExitStack, device: Any) -> Lamp:
    lamp = Lamp(device)
    devices.callback(lamp.close)
    return lamp
