"""What the kernel says of each line of a GPIO chip: who uses it, if anybody.

The same that `gpioinfo` prints, without that tool. Asking changes nothing and needs only the right
to read.
"""

from __future__ import annotations

import fcntl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# From <linux/gpio.h>: struct gpiochip_info, struct gpio_v2_line_info, and the calls that fill them.
_CHIP: Final = struct.Struct("32s32sI")
_CHIP_CALL: Final = 0x8044B401
_LINE: Final = struct.Struct("32s32sIIQ176x")
_LINE_CALL: Final = 0xC100B405
_USED: Final = 1

Call = Callable[[int, int, bytearray], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a GPIO chip; on a Raspberry Pi's own chip its number is the GPIO's."""

    number: int
    name: str
    consumer: str
    """Who uses it, as they call themselves: ``"lg"`` for lgpio; empty if nobody does."""
    is_used: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Chip:
    """A GPIO chip."""

    node: Path
    label: str
    """The driver: ``"pinctrl-bcm2711"``, ``"pinctrl-rp1"``, ``"raspberrypi-exp-gpio"``."""
    lines: tuple[Line, ...]


def chips(dev: Path = Path("/dev"), *, call: Call = fcntl.ioctl) -> list[Chip]:
    """Return every chip that may be read.

    Parameters
    ----------
    dev : Path
        Where the device files lie.
    call : callable
        ``ioctl``; a test puts another here.
    """
    found = (_chip(node, call) for node in sorted(dev.glob("gpiochip*")))
    return [chip for chip in found if chip is not None]


def header_chip(found: list[Chip]) -> Chip | None:
    """Return the chip that the pins of a Raspberry Pi's header belong to."""
    return next(
        (chip for chip in found if chip.label.startswith(("pinctrl-bcm", "pinctrl-rp1"))), None
    )


def _chip(node: Path, call: Call) -> Chip | None:
    try:
        with node.open("rb", buffering=0) as file:
            raw = bytearray(_CHIP.size)
            call(file.fileno(), _CHIP_CALL, raw)
            _, label, n_lines = _CHIP.unpack(raw)
            lines = tuple(_line(file.fileno(), number, call) for number in range(n_lines))
    except OSError:
        return None
    return Chip(node=node, label=_text(label), lines=lines)


def _line(descriptor: int, number: int, call: Call) -> Line:
    raw = bytearray(_LINE.pack(b"", b"", number, 0, 0))
    call(descriptor, _LINE_CALL, raw)
    name, consumer, _, _, flags = _LINE.unpack(raw)
    return Line(
        number=number, name=_text(name), consumer=_text(consumer), is_used=bool(flags & _USED)
    )


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode(errors="replace")
