"""`ser-edge panel`: try the wires of LEDs, buzzer and button, or turn everything off."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from edge.app import paneltest
from edge.app.paneltest import Part
from edge.config.load import load_config
from edge.config.places import Places
from edge.config.settings import PanelConfig
from edge.devices.presses import Press
from edge.errors import EXIT_OK, EXIT_UNAVAILABLE, SignalDeviceError
from edge.service.status import find_status

EXAMPLES = """\
  ser-edge panel test            light each LED in turn, sound the buzzer, try the button
  ser-edge panel test --seconds 5
  ser-edge panel off             turn off what a program left on that was killed
"""

_BUTTON_S: Final = 10.0
_ASKED: Final[Mapping[Press, str]] = {
    "short": "press it once",
    "double": "press it twice quickly",
    "long": "hold it for two seconds",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    test = actions.add_parser("test", help="one part after the other, each with its pin")
    test.add_argument(
        "--seconds", type=_seconds, default=1.5, help="how long each part is on (1.5)"
    )
    off = actions.add_parser("off", help="all outputs off")
    for action in (test, off):
        action.add_argument("--config", type=Path, help="configuration file")


def execute(arguments: argparse.Namespace) -> int:
    """Do what was asked for; 69 if a part cannot be used."""
    panel = load_config(file=arguments.config).config.panel
    if arguments.action == "off":
        return _off(panel)
    return _test(panel, seconds=arguments.seconds)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 60.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time between 0 and 60 seconds")
    return value


def _off(panel: PanelConfig) -> int:
    """Without pins there is nothing that could be on."""
    if not list(paneltest.parts(panel)):
        return EXIT_OK
    try:
        factory = paneltest.open_pins()
    except SignalDeviceError as error:
        print(f"nothing to turn off: {error}")
        return EXIT_OK
    paneltest.all_off(panel, factory)
    return EXIT_OK


def _test(panel: PanelConfig, *, seconds: float) -> int:
    wired = list(paneltest.parts(panel))
    if not wired:
        print("no panel is configured: panel.kind is none, or every pin is")
        return EXIT_OK
    _refuse_while_listening()
    factory = paneltest.open_pins()
    n_failed = sum(not _tried(part, factory, seconds=seconds) for part in wired)
    if n_failed:
        print(f"{n_failed} of {len(wired)} parts cannot be used")
        return EXIT_UNAVAILABLE
    print("what stayed dark or silent is wired wrongly: the pins stand in [panel] of the settings")
    return EXIT_OK


def _refuse_while_listening() -> None:
    status = find_status(Places.here())
    if status and status.alive:
        raise SignalDeviceError(
            f"process {status.pid} listens and has the pins; `sudo systemctl stop ser-edge` first"
        )


def _tried(part: Part, factory: Any, *, seconds: float) -> bool:
    place = f"GPIO {part.pin}, pin {part.place}"
    print(f"{place:16} {part.name:14} ", end="", flush=True)
    try:
        print(_outcome(part, factory, seconds=seconds), flush=True)
    except SignalDeviceError as error:
        print(f"FAILED: {error}", flush=True)
        return False
    return True


def _outcome(part: Part, factory: Any, *, seconds: float) -> str:
    if part.signal:
        paneltest.light(part, factory, seconds=seconds)
        return "was on"
    return _tried_button(part, factory)


def _tried_button(part: Part, factory: Any) -> str:
    """Ask for each kind of press; the answer to the last one is returned."""
    answer = ""
    for asked, words in _ASKED.items():
        begins = f"{answer}\n{'':32}" if answer else ""
        print(f"{begins}{words} within {_BUTTON_S:.0f} s ... ", end="", flush=True)
        press = paneltest.first_press(part, factory, seconds=_BUTTON_S)
        if press is None:
            return "nobody pressed it"
        answer = f"a {press} press" if press == asked else f"a {press} press INSTEAD"
    return answer
