"""Draw docs/wiring.svg: the header with the default pins, and how each part is wired.

Run it after the default pins have changed: `python firmware_config/wiring/draw.py`. A test compares
the file with what this draws.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

from header import HEADER  # noqa: E402 - a folder of scripts, no package

from edge.config.settings import PanelConfig  # noqa: E402
from edge.devices.lights import COLOURS  # noqa: E402

TARGET: Final = Path(__file__).resolve().parents[2] / "docs" / "wiring.svg"
_WIDTH: Final = 900
_ROW: Final = 27
_TOP: Final = 84
_LEFT: Final = 425  # of the header's left column of pins
_RIGHT: Final = 475
_BOTTOM: Final = _TOP + 20 * _ROW + 28  # where the schematics begin
_TITLE: Final = "The header of the Pi, seen from above, the board's edge on the right"
_ORIENTATION: Final = "Pin 1 is the one with the square pad, nearest to the SD card."
_GROUND: Final = "m0 -10v20 m5 -16v12 m5 -8v4"
_STYLE: Final = """
  text { font: 14px 'DejaVu Sans', Verdana, sans-serif; fill: #222 }
  .title { font-size: 19px; font-weight: bold }
  .small { font-size: 12px; fill: #555 }
  .pin { font-size: 10px; fill: #fff; text-anchor: middle }
  .end { text-anchor: end }
  .middle { text-anchor: middle }
  .free { fill: #999 }
  .wire { stroke: #333; stroke-width: 2; fill: none }
"""
_POWER: Final = {"3V3": "#d98200", "5V": "#c00000", "GND": "#222222"}


def main() -> None:
    """Write the picture."""
    TARGET.write_text(picture(PanelConfig()), encoding="utf-8")


def picture(panel: PanelConfig) -> str:
    """Return the picture as SVG."""
    height = _BOTTOM + 250
    body = [*_board(panel), *_schematics(panel)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}">\n<title>Wiring of ser-edge</title>\n'
        f'<style>{_STYLE}</style>\n<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def parts(panel: PanelConfig) -> dict[str, tuple[str, str]]:
    """Return, for each pin in use, the part on it and its colour."""
    used = {f"GPIO{pin}": (name, _colour(name)) for name, pin in panel.leds.items()}
    for pin, part, colour in (
        (panel.status_pin, "status LED", "#55aa00"),
        (panel.listening_pin, "listening LED", "#ff8800"),
        (panel.buzzer_pin, "buzzer", "#666666"),
        (panel.button_pin, "button", "#666666"),
    ):
        if pin is not None:
            used[f"GPIO{pin}"] = (part, colour)
    return used


def _colour(name: str) -> str:
    red, green, blue = (round(255 * part) for part in COLOURS[name])
    return f"#{red:02x}{green:02x}{blue:02x}"


def _board(panel: PanelConfig) -> Iterator[str]:
    used = parts(panel)
    yield _text(_WIDTH / 2, 30, _TITLE, "title middle")
    yield _text(_WIDTH / 2, 52, _ORIENTATION, "small middle")
    yield (
        f'<rect x="{_LEFT - 25}" y="{_TOP - 20}" width="{_RIGHT - _LEFT + 50}" '
        f'height="{20 * _ROW + 14}" rx="6" fill="#1d6b38"/>'
    )
    for i, name in enumerate(HEADER):
        yield from _pin(i + 1, name, used)


def _pin(number: int, name: str, used: dict[str, tuple[str, str]]) -> Iterator[str]:
    is_left = number % 2 == 1
    x, y = (_LEFT if is_left else _RIGHT), _TOP + (number - 1) // 2 * _ROW
    away = -1 if is_left else 1
    fill = _POWER.get(name, "#3465a4" if name in used else "#b8b8b8")
    yield f'<circle cx="{x}" cy="{y}" r="10" fill="{fill}"/>' + _text(x, y + 4, str(number), "pin")
    side = "end" if is_left else ""
    part = used.get(name)
    yield _text(x + away * 34, y + 5, name, side if part or name in _POWER else f"{side} free")
    if part is None:
        return
    yield _wire(f"M{x + away * 90} {y}h{away * 40}")
    yield f'<circle cx="{x + away * 142}" cy="{y}" r="9" fill="{part[1]}" stroke="#333"/>'
    yield _text(x + away * 162, y + 5, part[0], side)


def _schematics(panel: PanelConfig) -> Iterator[str]:
    y = _BOTTOM
    yield f'<path d="M30 {y - 20}H{_WIDTH - 30}" stroke="#ccc"/>'
    yield from _led(40, y)
    yield from _button(40, y + 125, panel.button_pin)
    yield from _rgb(315, y, panel.rgb)
    yield from _buzzer(590, y, panel.buzzer_pin)


def _led(x: int, y: int) -> Iterator[str]:
    yield _text(x, y + 8, "Each LED")
    yield from _leg(x, y + 45, "GPIO", "330 Ω", "#ffcc00")
    yield _text(x, y + 82, "long leg to the resistor, short leg to ground", "small")


def _leg(x: int, y: int, label: str, ohms: str, colour: str) -> Iterator[str]:
    """Draw pin, resistor, diode and ground in one line."""
    yield _text(x, y + 5, label)
    yield _wire(f"M{x + 66} {y}h22 m52 0h22 m24 0h24 {_GROUND}")
    yield _resistor(x + 88, y - 7)
    yield _text(x + 114, y - 12, ohms, "small middle")
    yield f'<path d="M{x + 162} {y - 10}v20l20 -10z" fill="{colour}" stroke="#333"/>'
    yield _wire(f"M{x + 184} {y - 10}v20")


def _rgb(x: int, y: int, rgb: tuple[int, int, int]) -> Iterator[str]:
    yield _text(x, y + 8, 'Or one RGB LED (kind = "rgb")')
    for i, (pin, colour) in enumerate(zip(rgb, ("#ff0000", "#00cc00", "#0000ff"), strict=True)):
        yield from _leg(x, y + 45 + 42 * i, f"GPIO{pin}", "330 Ω", colour)
    yield _text(x, y + 172, "common cathode: its longest leg to ground", "small")
    yield _text(x, y + 190, "it takes the place of the row of LEDs", "small")


def _button(x: int, y: int, pin: int | None) -> Iterator[str]:
    yield _text(x, y + 8, "The button")
    yield _text(x, y + 50, f"GPIO{pin}")
    yield _wire(f"M{x + 66} {y + 45}h40 l34 -14 M{x + 142} {y + 45}h68 {_GROUND}")
    for contact in (x + 106, x + 142):
        yield f'<circle cx="{contact}" cy="{y + 45}" r="3"/>'
    yield _text(x, y + 82, "no resistor: the Pi's own pulls the pin up", "small")
    yield _text(x, y + 100, "once: acknowledge; twice: snooze; long: mute", "small")


def _buzzer(x: int, y: int, pin: int | None) -> Iterator[str]:
    yield _text(x, y + 8, "The buzzer (active)")
    yield _text(x, y + 112, f"GPIO{pin}")
    yield _wire(f"M{x + 62} {y + 107}h16 m52 0h24")
    yield _resistor(x + 78, y + 100)
    yield _text(x + 104, y + 95, "1 kΩ", "small middle")
    # The transistor: base bar, collector up, emitter with its arrow down to ground.
    yield _wire(f"M{x + 154} {y + 91}v32")
    yield _wire(f"M{x + 154} {y + 101}l26 -16v-12 M{x + 154} {y + 113}l26 16v16")
    yield f'<path d="M{x + 180} {y + 129}l-11 -2l6 -8z"/>'
    yield _wire(f"M{x + 170} {y + 145}h20 m-16 4h12 m-9 4h6")
    yield _text(x + 190, y + 112, "NPN, BC337", "small")
    yield f'<rect x="{x + 160}" y="{y + 45}" width="40" height="28" fill="#ddd" stroke="#333"/>'
    yield _wire(f"M{x + 180} {y + 45}v-18h20")
    yield _text(x + 205, y + 32, "5V (pin 2)", "small")
    yield _text(x + 207, y + 63, "buzzer", "small")
    yield _text(x, y + 172, "one of up to 10 mA: straight from GPIO to ground", "small")
    yield _text(x, y + 190, "a magnetic one: a 1N4148 across it, ring to 5V", "small")


def _wire(path: str) -> str:
    return f'<path class="wire" d="{path}"/>'


def _resistor(x: int, y: int) -> str:
    return f'<rect x="{x}" y="{y}" width="52" height="14" fill="#f3e3c3" stroke="#333"/>'


def _text(x: float, y: float, words: str, style: str = "") -> str:
    kind = f' class="{style.strip()}"' if style.strip() else ""
    return f'<text x="{x:g}" y="{y:g}"{kind}>{escape(words)}</text>'


if __name__ == "__main__":
    main()
