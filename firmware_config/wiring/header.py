"""The 40-pin header that every Raspberry Pi since the Model B+ has."""

from __future__ import annotations

from typing import Final

_PINS: Final = """
3V3   5V
2     5V
3     GND
4     14
GND   15
17    18
27    GND
22    23
3V3   24
10    GND
9     25
11    8
GND   7
0     1
5     GND
6     12
13    GND
19    16
26    20
GND   21
"""

HEADER: Final[tuple[str, ...]] = tuple(
    f"GPIO{name}" if name.isdigit() else name for name in _PINS.split()
)
"""Name of each pin, in the order of the numbers on the board: pin 1 is at index 0."""


def place(gpio: int) -> int:
    """Return the number on the board, 1 to 40, of a GPIO."""
    return HEADER.index(f"GPIO{gpio}") + 1
