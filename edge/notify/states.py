"""What a broker is told of the room: the status, as one text for each topic."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from edge.decide.alarms import TROUBLE
from edge.notify.discovery import ALARM_ATTRIBUTES, AWAY, EARS, OFF, ON, TROUBLE_ATTRIBUTES
from edge.notify.topics import OFFLINE, ONLINE
from edge.service.status import AlarmStatus, Status

UNKNOWN: Final = "None"
"""What Home Assistant shows as unknown."""
_RANKS: Final = {"notice": 0, "warning": 1, "urgent": 2}

_NOISY: Final[Mapping[str, float]] = {"level": 1.0, "confidence": 1.0}
"""Topics with a number that never stands still, and the least change that is worth telling."""
_EACH_S: Final = 5.0
"""How often such a number is told at most: Home Assistant keeps each."""


def states(status: Status | None) -> dict[str, str]:
    """Return payloads by topic within the room; of ears that are away, that they are."""
    if status is None:
        return {EARS: OFFLINE, "health": AWAY}
    alarms = [alarm for alarm in status.alarms if not _is_trouble(alarm)]
    return {
        EARS: ONLINE,
        "emotion": status.state,
        "confidence": f"{100 * status.confidence:.0f}",
        # Told in this order: who is woken by the alarm finds its reason there already.
        ALARM_ATTRIBUTES: _json(_alarm_attributes(alarms)),
        "alarm": ON if alarms else OFF,
        TROUBLE_ATTRIBUTES: _json({"sentences": _sentences(status)}),
        "trouble": ON if _is_troubled(status) else OFF,
        "level": f"{status.level_dbfs:.0f}",
        "health": status.health,
        "model": f"{status.model.name} {status.model.version}",
        "mute": ON if status.health == "muted" else OFF,
        "snoozed_until": status.snoozed_until or UNKNOWN,
    }


class Changes:
    """What of the states has changed since the broker was told.

    Parameters
    ----------
    monotonic_s : callable
        The clock.
    """

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._told: dict[str, str] = {}
        self._told_s: dict[str, float] = {}

    def forget(self) -> None:
        """Tell everything again."""
        self._told.clear()
        self._told_s.clear()

    def take(self, now: Mapping[str, str]) -> dict[str, str]:
        """Return what is to be told, and take it for told."""
        at_s = self._monotonic_s()
        changed = {topic: text for topic, text in now.items() if self._is_due(topic, now, at_s)}
        self._told.update(changed)
        self._told_s.update(dict.fromkeys(changed, at_s))
        return changed

    def _is_due(self, topic: str, now: Mapping[str, str], at_s: float) -> bool:
        old = self._told.get(topic)
        if old is None or topic not in _NOISY:
            return old != now[topic]
        if topic == "confidence" and now["emotion"] != self._told.get("emotion"):
            return old != now[topic]
        is_other = abs(float(old) - float(now[topic])) >= _NOISY[topic]
        return is_other and at_s - self._told_s[topic] >= _EACH_S


def _is_trouble(alarm: AlarmStatus) -> bool:
    return alarm.rule.startswith(TROUBLE)


def _is_troubled(status: Status) -> bool:
    is_called = any(map(_is_trouble, status.alarms))
    return bool(status.trouble) or is_called or status.health == "deaf"


def _sentences(status: Status) -> list[str]:
    return [*filter(None, [status.fault]), *status.trouble]


def _alarm_attributes(alarms: list[AlarmStatus]) -> dict[str, Any]:
    """Return what is known of the worst alarm, the newest of those, and how many are open."""
    if not alarms:
        names = ("rule", "severity", "reason", "since", "alarm")
        return {**dict.fromkeys(names), "sounding": False, "open": 0}
    worst = max(enumerate(alarms), key=lambda item: (_RANKS[item[1].severity], item[0]))[1]
    return {
        "rule": worst.rule,
        "severity": worst.severity,
        "reason": worst.reason,
        "since": worst.raised,
        "alarm": worst.id,
        "sounding": any(alarm.sounding for alarm in alarms),
        "open": len(alarms),
    }


def _json(table: Mapping[str, Any]) -> str:
    return json.dumps(table, ensure_ascii=False)
