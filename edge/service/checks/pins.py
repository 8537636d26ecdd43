"""The GPIO: whether it is there and may be used, and whether the pins are free for the panel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from edge.devices.gpio import PanelPins, open_pin_factory
from edge.devices.gpiolines import Chip, header_chip
from edge.devices.holders import holders_of
from edge.errors import SerError
from edge.service.checks.finding import Finding, Verdict, not_applicable, well
from edge.service.checks.people import Person, forbidden
from edge.service.machine import ROOT, this_machine

_GPIO_GROUP: Final = "gpio"
_LGPIO: Final = "lg"
"""How lgpio signs the lines that it uses."""
_NOTHING_WIRED: Final = "panel.kind is none"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bus:
    """Something of the kernel's that takes pins while it is switched on."""

    name: str
    sign: str
    """The file below the root that is there while it is on."""
    pins: tuple[int, ...]
    off: str
    """How it is switched off."""


_RASPI: Final = "`sudo raspi-config nonint {} 1 && sudo reboot`"
_BUSES: Final = (
    _Bus(name="I2C", sign="dev/i2c-1", pins=(2, 3), off=_RASPI.format("do_i2c")),
    _Bus(name="SPI", sign="dev/spidev0.0", pins=(8, 9, 10, 11), off=_RASPI.format("do_spi")),
    _Bus(name="SPI", sign="dev/spidev0.1", pins=(7,), off=_RASPI.format("do_spi")),
    _Bus(
        name="the serial port", sign="dev/serial0", pins=(14, 15), off=_RASPI.format("do_serial_hw")
    ),
    _Bus(
        name="1-wire",
        sign="sys/bus/w1/devices/w1_bus_master1",
        pins=(4,),
        off=_RASPI.format("do_onewire"),
    ),
)


def gpio(kind: str, people: Sequence[Person], root: Path = ROOT) -> Finding:
    """Check that whoever listens may use the GPIO, and which pin factory gpiozero has for it.

    Parameters
    ----------
    kind : str
        What the configuration says is wired up: ``panel.kind``.
    people : sequence of Person
        Who listens.
    root : Path
        Where ``dev`` and ``proc`` lie.
    """
    if kind == "none":
        return not_applicable("gpio", _NOTHING_WIRED)
    nodes = sorted((root / "dev").glob("gpiochip*"))
    is_pi = this_machine(root).name.startswith("Raspberry Pi")
    if not (nodes or is_pi) and kind == "auto" and not _can_open():
        return not_applicable("gpio", "this is no Raspberry Pi; it listens without lights")
    return forbidden("gpio", people, nodes, group=_GPIO_GROUP) or _factory(kind)


def pins(
    wired: PanelPins, chips: Sequence[Chip], root: Path = ROOT, *, service: int = 0
) -> Finding:
    """Check that nobody else uses the pins of the panel.

    Parameters
    ----------
    wired : PanelPins
        As configured.
    chips : sequence of Chip
        What the kernel says of its GPIO chips.
    root : Path
        Where ``dev``, ``proc`` and ``sys`` lie.
    service : int
        The process of our own service, which rightly holds its pins; 0 if it does not run.
    """
    if not wired.used:
        return not_applicable("pins", _NOTHING_WIRED)
    wired.check()
    chip = header_chip(list(chips))
    if chip is None:
        return not_applicable("pins", "no chip with a Raspberry Pi's pins can be read here")
    taken = [*_taken_by_programs(wired, chip, root, service), *_taken_by_buses(wired, root)]
    if not taken:
        numbers = ", ".join(str(pin) for _, pin in sorted(wired.used, key=lambda one: one[1]))
        return well("pins", f"GPIO {numbers} are free, or used by the service")
    return Finding(
        name="pins",
        verdict="problem",
        found="; ".join(found for found, _ in taken),
        remedy="; or ".join(
            [*dict.fromkeys(remedy for _, remedy in taken), "give the part another pin in [panel]"]
        ),
    )


def _factory(kind: str) -> Finding:
    try:
        return well("gpio", f"gpiozero uses {_factory_name()}")
    except SerError as error:
        found, _, remedy = str(error).rpartition("; ")
        verdict: Verdict = "warning" if kind == "auto" else "problem"
        return Finding(name="gpio", verdict=verdict, found=found, remedy=_install_hint(remedy))


def _factory_name() -> str:
    """Open a pin factory and close it.

    lgpio, once imported, stays in the folder that ``LG_WD`` names and leaves a pipe there: it gets
    one of its own, and we come back.
    """
    is_set = "LG_WD" in os.environ
    with chdir("."), TemporaryDirectory(prefix="ser-edge-") as folder:
        try:
            factory = open_pin_factory(work_dir=folder)
        finally:
            if not is_set:
                os.environ.pop("LG_WD", None)
        factory.close()
        return type(factory).__name__


def _install_hint(remedy: str) -> str:
    wanted = "install python3-lgpio"
    return "`sudo apt install -y python3-lgpio`" if wanted in remedy else remedy


def _can_open() -> bool:
    """Return whether a factory works without a chip: one that was asked for by name, for tests."""
    try:
        _factory_name()
    except SerError:
        return False
    return True


def _taken_by_programs(
    wired: PanelPins, chip: Chip, root: Path, service: int
) -> list[tuple[str, str]]:
    lines = {line.number: line for line in chip.lines}
    holders = holders_of([chip.node], proc=root / "proc")
    is_ours = service > 0 and all(holder.process == service for holder in holders)
    by = f" ({', '.join(map(str, holders))})" if holders else ""
    taken = []
    for part, pin in wired.used:
        line = lines.get(pin)
        if line is None or not line.is_used or (is_ours and line.consumer == _LGPIO):
            continue
        user = line.consumer or "the kernel"
        remedy = f"`sudo kill {holders[0].process}`" if holders else f"stop what uses it ({user})"
        taken.append((f"GPIO {pin} ({part}) is used by {user}{by}", remedy))
    return taken


def _taken_by_buses(wired: PanelPins, root: Path) -> list[tuple[str, str]]:
    return [
        (f"GPIO {pin} ({part}) belongs to {bus.name}, which is switched on", bus.off)
        for part, pin in wired.used
        for bus in _BUSES
        if pin in bus.pins and (root / bus.sign).exists()
    ]
