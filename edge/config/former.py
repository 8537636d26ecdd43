"""Files of former versions, read as they meant it: an update refuses none that worked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edge.config.settings import PanelConfig


def read_former(table: dict[str, Any]) -> None:
    """Put into today's words what was right in a former version.

    A rule's ``buzzer`` was true or false. A panel had no listening light, so that another part may
    have the pin that is its default now; then there is none.

    Parameters
    ----------
    table : dict
        All settings as they were given, of any shape; changed in place.
    """
    rules = table.get("alert")
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, dict) and isinstance(sounds := rule.get("buzzer"), bool):
            rule["buzzer"] = "beeps" if sounds else "none"
    panel = table.get("panel")
    if isinstance(panel, dict) and PanelConfig().listening_pin in set(_numbers(panel)):
        panel.setdefault("listening_pin", None)


def _numbers(value: object) -> Iterator[int]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    elif type(value) is int:
        yield value
