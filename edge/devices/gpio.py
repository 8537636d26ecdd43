"""Finds the GPIO of this machine and opens devices on it, with errors that say what to do.

Pins are numbered as the Broadcom chip numbers them (GPIO17), not as they stand on the header.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, TypeVar

from edge.contract.labels import EMOTIONS, UNCERTAIN
from edge.errors import SignalDeviceError

_FACTORIES: Final = ("lgpio", "rpigpio", "native")
_LAST_PIN: Final = 27
Device = TypeVar("Device")


@dataclass(frozen=True, kw_only=True, slots=True)
class PanelPins:
    """Which GPIO each part is wired to; what is None or left out is not there.

    Wiring, as for any gpiozero device: an LED with its long leg through a resistor of 330 ohm to
    the GPIO, its short leg to ground. An RGB LED with a common cathode likewise, one resistor for
    each colour. An active buzzer (one that beeps on mere voltage) between GPIO and ground, through
    a transistor if it draws more than 10 mA. The button between GPIO and ground; the Pi's own
    resistor pulls it up. `active_high` False is for lights and buzzers that are wired to 3.3 V
    instead of ground.
    """

    leds: Mapping[str, int] = field(default_factory=dict)
    """An LED for each of these emotions; ``"uncertain"`` may have one too."""
    rgb: tuple[int, int, int] | None = None
    """One light of three colours instead: its red, green and blue."""
    status: int | None = None
    listening: int | None = None
    """The light that is on whenever sound is taken in."""
    buzzer: int | None = None
    button: int | None = None
    active_high: bool = True
    pwm: bool = True
    """Whether brightness shows confidence; needs a pin factory that can (lgpio)."""

    @property
    def used(self) -> list[tuple[str, int]]:
        """Every pin with the part that it is for."""
        single = (
            ("status", self.status),
            ("listening", self.listening),
            ("buzzer", self.buzzer),
            ("button", self.button),
        )
        return [
            *((f"LED {name!r}", pin) for name, pin in self.leds.items()),
            *zip(("RGB red", "RGB green", "RGB blue"), self.rgb or (), strict=False),
            *((part, pin) for part, pin in single if pin is not None),
        ]

    def check(self) -> None:
        """Refuse what cannot be wired.

        Raises
        ------
        SignalDeviceError
            If a pin is used twice or is no GPIO, or an LED is for something that is no emotion.
        """
        owners: dict[int, str] = {}
        for part, pin in self.used:
            if not 0 <= pin <= _LAST_PIN:
                raise SignalDeviceError(
                    f"there is no GPIO {pin} for {part}; give the GPIO number, 0 to {_LAST_PIN}, "
                    "not the place on the header (`pinout` shows both)"
                )
            if pin in owners:
                raise SignalDeviceError(
                    f"GPIO {pin} is given to {owners[pin]} and to {part}; give each its own"
                )
            owners[pin] = part
        unknown = sorted(set(self.leds) - {*EMOTIONS, UNCERTAIN})
        if unknown:
            raise SignalDeviceError(
                f"an LED is wired for {unknown[0]!r}; known are {', '.join((*EMOTIONS, UNCERTAIN))}"
            )


def open_pin_factory(*, work_dir: str | None = None) -> Any:
    """Return the best pin factory that works on this machine.

    lgpio is tried first: it serves every Raspberry Pi and can dim. ``GPIOZERO_PIN_FACTORY`` names
    another one, as everywhere with gpiozero.

    Parameters
    ----------
    work_dir : str, optional
        Folder for the small pipe ``.lgd-nfy*`` that lgpio makes, which else comes to lie in the
        working directory: under systemd that is ``/`` and read-only. Default: the service's runtime
        directory, else the temporary one. An ``LG_WD`` in the environment wins.

    Raises
    ------
    SignalDeviceError
        If no factory works; it says what each one complained about.
    """
    runtime_dir = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    os.environ.setdefault("LG_WD", work_dir or runtime_dir or tempfile.gettempdir())
    installed = {point.name: point for point in entry_points(group="gpiozero_pin_factories")}
    chosen = os.environ.get("GPIOZERO_PIN_FACTORY", "").lower()
    complaints: list[str] = []
    for name in [chosen] if chosen else _FACTORIES:
        factory = _load(installed.get(name), name, complaints)
        if factory is not None:
            return factory
    raise SignalDeviceError(_no_gpio(complaints))


def claim(part: str, pin: int | tuple[int, ...], build: Callable[[], Device]) -> Device:
    """Return what `build` opens on `pin`, or say which part failed and why.

    Raises
    ------
    SignalDeviceError
        For whatever gpiozero or the library below it raises.
    """
    import gpiozero

    try:
        return build()
    except gpiozero.PinPWMUnsupported as error:
        raise SignalDeviceError(
            f"{part} on GPIO {pin} cannot be dimmed by this pin factory; install python3-lgpio or "
            "set panel.pwm = false"
        ) from error
    except Exception as error:
        words = str(error) or type(error).__name__
        raise SignalDeviceError(
            f"{part} on GPIO {pin} cannot be used: {words}; is the pin wired to something else, or "
            "held by another program (`gpioinfo`)?"
        ) from error


def _load(point: EntryPoint | None, name: str, complaints: list[str]) -> Any:
    if point is None:
        complaints.append(f"{name}: gpiozero does not know it, or is not installed")
        return None
    try:
        return point.load()()
    except Exception as error:  # noqa: BLE001 - each factory fails in its own way
        complaints.append(f"{name}: {error}")
        return None


def _no_gpio(complaints: list[str]) -> str:
    words = "; ".join(complaints)
    if "permission" in words.lower() or "can not open gpiochip" in words:
        return f"no permission for the GPIO ({words}); `sudo usermod -aG gpio $USER`, log in again"
    if "unable to locate Pi revision" in words:
        return "no Raspberry Pi that gpiozero knows is here; LEDs, buzzer and button need one"
    return f"no GPIO can be used ({words}); on a Raspberry Pi install python3-lgpio"
