"""Faults that concern more than one key, found in the table before it becomes a `Config`.

Working on the table, they are found beside the faults of single keys, and each names its key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from edge.config.callchecks import call_faults
from edge.config.settings import Config
from edge.contract.labels import EMOTIONS, UNCERTAIN
from edge.contract.tables import Problem, did_you_mean, to_table

_SINGLE_PINS: Final = ("status_pin", "buzzer_pin", "button_pin", "listening_pin")
_N_COLOURS: Final = 3


def cross_faults(table: Mapping[str, Any]) -> list[Problem]:
    """Return the faults between keys.

    Parameters
    ----------
    table : Mapping
        What the file, the environment and the command line say together; of any shape.
    """
    panel = _section(table, "panel")
    return [
        *_leds(panel),
        *_colours(panel),
        *_pins(panel),
        *_hysteresis(_section(table, "decision")),
        *_own_names(table.get("alert"), path="alert", what="rule"),
        *_own_names(table.get("channel"), path="channel", what="channel"),
        *call_faults(table),
    ]


def _section(table: Mapping[str, Any], name: str) -> dict[str, Any]:
    given = table.get(name)
    defaults: dict[str, Any] = to_table(getattr(Config(), name))
    return {**defaults, **given} if isinstance(given, Mapping) else defaults


def _leds(panel: Mapping[str, Any]) -> Iterator[Problem]:
    leds = panel["leds"]
    known = [*EMOTIONS, UNCERTAIN]
    for name in leds if isinstance(leds, Mapping) else ():
        if name not in known:
            yield Problem(f"panel.leds.{name}", f"no such emotion, {did_you_mean(name, known)}")


def _colours(panel: Mapping[str, Any]) -> Iterator[Problem]:
    rgb = panel["rgb"]
    if isinstance(rgb, list) and len(rgb) != _N_COLOURS:
        yield Problem("panel.rgb", f"expected three pins (red, green, blue), found {len(rgb)}")


def _pins(panel: Mapping[str, Any]) -> Iterator[Problem]:
    """A pin can do one thing only."""
    first: dict[int, str] = {}
    for path, pin in _used_pins(panel):
        if pin in first:
            yield Problem(path, f"pin {pin} is taken already by {first[pin]}; give each its own")
        first.setdefault(pin, path)


def _used_pins(panel: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    kind, leds, rgb = panel["kind"], panel["leds"], panel["rgb"]
    if kind == "none":
        return
    pins: list[tuple[str, Any]] = [(f"panel.{key}", panel[key]) for key in _SINGLE_PINS]
    if kind == "rgb" and isinstance(rgb, Sequence):
        pins += [(f"panel.rgb[{i}]", pin) for i, pin in enumerate(rgb)]
    if kind != "rgb" and isinstance(leds, Mapping):
        pins += [(f"panel.leds.{name}", pin) for name, pin in leds.items()]
    yield from ((path, pin) for path, pin in pins if type(pin) is int)


def _hysteresis(decision: Mapping[str, Any]) -> Iterator[Problem]:
    enter, leave = decision["enter_confidence"], decision["leave_confidence"]
    if isinstance(enter, int | float) and isinstance(leave, int | float) and leave > enter:
        yield Problem(
            "decision.leave_confidence",
            f"{leave:g} is above enter_confidence {enter:g}; it must not be",
        )


def _own_names(entries: object, *, path: str, what: str) -> Iterator[Problem]:
    names: list[object] = []
    for i, entry in enumerate(entries if isinstance(entries, list) else ()):
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if name is not None and name in names:
            message = f"{name!r} is the name of another {what} already"
            yield Problem(f"{path}[{i}].name", message)
        names.append(name)
