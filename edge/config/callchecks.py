"""Faults in how somebody is called: quiet hours, channels, escalation, names, patterns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from edge.config.settings import MqttConfig
from edge.contract.tables import Problem, did_you_mean
from edge.decide.alarms import TROUBLE
from edge.decide.alerts import ALL_CHANNELS, AlertRule
from edge.decide.quiethours import quiet_minutes

MQTT: Final = "mqtt"
"""Name of the broker among the channels."""

_ON: Final = {"light": "fast", "buzzer": "beeps"}


def call_faults(table: Mapping[str, Any]) -> Iterator[Problem]:
    """Return the faults of rules, troubles and channels.

    Parameters
    ----------
    table : Mapping
        What the file, the environment and the command line say together; of any shape.
    """
    known = _channels(table)
    for i, rule in _tables(table.get("alert")):
        path = f"alert[{i}]"
        yield from _call(rule, path, known)
        yield from _rule_name(rule, path)
        yield from _steps(rule, path, known)
    trouble = table.get("trouble")
    if isinstance(trouble, Mapping):
        yield from _call(trouble, "trouble", known)
    for i, channel in _tables(table.get("channel")):
        if (name := channel.get("name")) in {ALL_CHANNELS, MQTT}:
            message = f"{name!r} has a meaning of its own in notify; choose another name"
            yield Problem(f"channel[{i}].name", message)


def _tables(entries: object) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for i, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping):
            yield i, entry


def _channels(table: Mapping[str, Any]) -> list[str]:
    names = [channel.get("name") for _, channel in _tables(table.get("channel"))]
    mqtt = table.get("mqtt")
    host = mqtt.get("host", MqttConfig().host) if isinstance(mqtt, Mapping) else ""
    named = [name for name in names if isinstance(name, str)]
    return [ALL_CHANNELS, *([MQTT] if host else []), *named]


def _call(call: Mapping[str, Any], path: str, known: list[str]) -> Iterator[Problem]:
    yield from _patterns(call, path)
    yield from _notified(call, path, known)
    for i, span in _texts(call.get("quiet_hours")):
        try:
            quiet_minutes(span)
        except ValueError as error:
            yield Problem(f"{path}.quiet_hours[{i}]", str(error))


def _patterns(call: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """A light or a buzzer is a pattern, and not true or false."""
    for key, pattern in _ON.items():
        if isinstance(value := call.get(key), bool):
            meant = pattern if value else "none"
            message = f"{str(value).lower()} is no pattern; write {meant!r} for what it meant"
            yield Problem(f"{path}.{key}", message)


def _notified(call: Mapping[str, Any], path: str, known: list[str]) -> Iterator[Problem]:
    for i, name in _texts(call.get("notify")):
        if name in known:
            continue
        if name == MQTT:
            message = "there is no broker; set host in [mqtt], or leave 'mqtt' out"
        else:
            message = f"no channel is called {name!r}, {did_you_mean(name, known)}"
        yield Problem(f"{path}.notify[{i}]", message)


def _rule_name(rule: Mapping[str, Any], path: str) -> Iterator[Problem]:
    name = rule.get("name")
    if isinstance(name, str) and name.startswith(TROUBLE):
        message = f"{name!r} begins as the program's own troubles do; choose another name"
        yield Problem(f"{path}.name", message)


def _steps(rule: Mapping[str, Any], path: str, known: list[str]) -> Iterator[Problem]:
    """Each step comes after the one before it, and while somebody may still answer."""
    open_s = _number(rule.get("open_s", AlertRule(name="any").open_s))
    before_s = 0.0
    for i, step in _tables(rule.get("escalate")):
        here = f"{path}.escalate[{i}]"
        yield from _call(step, here, known)
        after_s = _number(step.get("after_s"))
        if after_s is None:
            continue
        if i and after_s <= before_s:
            message = f"{after_s:g} is not above {before_s:g} of the step before; put them in order"
            yield Problem(f"{here}.after_s", message)
        if open_s is not None and after_s >= open_s:
            message = f"{after_s:g} is too late: the alarm ends after open_s {open_s:g}"
            yield Problem(f"{here}.after_s", message)
        before_s = after_s


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _texts(value: object) -> Iterator[tuple[int, str]]:
    for i, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str):
            yield i, item
