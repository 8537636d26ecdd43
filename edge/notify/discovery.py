"""What Home Assistant shall see of a room: its entities, and how it learns of them.

One message an entity, in the form that every Home Assistant since 2023 reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from edge import __version__
from edge.contract.labels import STATES
from edge.notify.topics import OFFLINE, ONLINE, Topics

AVAILABILITY: Final = "availability"
"""Topic that says whether we are connected; the broker's last will speaks here."""
EARS: Final = "ears"
"""Topic that says whether the program that listens is alive."""
EVENT: Final = "event"
"""Topic of everything that happens to an alarm, each told once."""
ALARM_ATTRIBUTES: Final = "alarm/attributes"
TROUBLE_ATTRIBUTES: Final = "trouble/attributes"
MUTE_COMMAND: Final = "mute/set"
ACKNOWLEDGE_COMMAND: Final = "acknowledge/press"
SNOOZE_COMMAND: Final = "snooze/press"
COMMANDS: Final = (MUTE_COMMAND, ACKNOWLEDGE_COMMAND, SNOOZE_COMMAND)

ON: Final = "ON"
OFF: Final = "OFF"
PRESS: Final = "PRESS"
AWAY: Final = "not running"
"""The health of ears that are not there."""
TEST_PHASE: Final = "test"
EVENT_TYPES: Final = ("raised", "escalated", "quieted", "acknowledged", "ended", TEST_PHASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """One thing that Home Assistant shows."""

    key: str
    """Its topic within the room, and its id."""
    component: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    attributes: str = ""
    """Topic of what else is known of it."""
    command: str = ""
    """Topic on which it is set or pressed."""
    needs_ears: bool = True
    """Whether it means nothing while nobody listens."""


_DIAGNOSTIC: Final = {"entity_category": "diagnostic"}

ENTITIES: Final = (
    Entity(
        key="emotion",
        component="sensor",
        name="Emotion",
        settings={"device_class": "enum", "options": list(STATES), "icon": "mdi:account-voice"},
    ),
    Entity(
        key="confidence",
        component="sensor",
        name="Confidence",
        settings={
            "unit_of_measurement": "%",
            "state_class": "measurement",
            "suggested_display_precision": 0,
            "icon": "mdi:percent",
        },
    ),
    Entity(
        key="alarm",
        component="binary_sensor",
        name="Alarm",
        settings={"device_class": "safety"},
        attributes=ALARM_ATTRIBUTES,
    ),
    Entity(
        key="trouble",
        component="binary_sensor",
        name="Trouble",
        settings={"device_class": "problem", **_DIAGNOSTIC},
        attributes=TROUBLE_ATTRIBUTES,
    ),
    Entity(
        key="level",
        component="sensor",
        name="Microphone level",
        settings={
            "unit_of_measurement": "dBFS",
            "state_class": "measurement",
            "suggested_display_precision": 0,
            "icon": "mdi:microphone",
            **_DIAGNOSTIC,
        },
    ),
    Entity(
        key="health",
        component="sensor",
        name="Health",
        settings={
            "device_class": "enum",
            "options": ["listening", "deaf", "muted", "starting", "stopped", AWAY],
            "icon": "mdi:ear-hearing",
            **_DIAGNOSTIC,
        },
        needs_ears=False,
    ),
    Entity(
        key="model",
        component="sensor",
        name="Model",
        settings={"icon": "mdi:brain", **_DIAGNOSTIC},
    ),
    Entity(
        key="snoozed_until",
        component="sensor",
        name="Snoozed until",
        settings={"device_class": "timestamp"},
    ),
    Entity(
        key="mute",
        component="switch",
        name="Microphone mute",
        settings={"payload_on": ON, "payload_off": OFF, "icon": "mdi:microphone-off"},
        command=MUTE_COMMAND,
    ),
    Entity(
        key="acknowledge",
        component="button",
        name="Acknowledge",
        settings={"payload_press": PRESS, "icon": "mdi:check-circle"},
        command=ACKNOWLEDGE_COMMAND,
    ),
    Entity(
        key="snooze",
        component="button",
        name="Snooze",
        settings={"payload_press": PRESS, "icon": "mdi:sleep"},
        command=SNOOZE_COMMAND,
    ),
    Entity(
        key=EVENT,
        component="event",
        name="Alarm event",
        settings={"event_types": list(EVENT_TYPES), "icon": "mdi:bell-ring"},
        needs_ears=False,
    ),
)


def announcements(topics: Topics, *, discovery_prefix: str, room: str) -> dict[str, str]:
    """Return what Home Assistant must be told of a room: topic and payload, all retained.

    Parameters
    ----------
    topics : Topics
    discovery_prefix : str
        Empty for nothing.
    room : str
        The room's name, for people.
    """
    if not discovery_prefix:
        return {}
    return {
        f"{discovery_prefix.strip('/')}/{entity.component}/{topics.node}/{entity.key}/config": (
            json.dumps(_config(entity, topics, room), ensure_ascii=False)
        )
        for entity in ENTITIES
    }


def birth_topics(discovery_prefix: str) -> tuple[str, ...]:
    """Return where Home Assistant says that it has started."""
    usual = "homeassistant"
    prefixes = dict.fromkeys((discovery_prefix.strip("/"), usual)) if discovery_prefix else ()
    return tuple(f"{prefix}/status" for prefix in prefixes)


def _config(entity: Entity, topics: Topics, room: str) -> dict[str, Any]:
    conditions = (AVAILABILITY, EARS) if entity.needs_ears else (AVAILABILITY,)
    config: dict[str, Any] = {
        "name": entity.name,
        "unique_id": f"{topics.node}_{entity.key}",
        **entity.settings,
        "availability": [
            {"topic": topics(name), "payload_available": ONLINE, "payload_not_available": OFFLINE}
            for name in conditions
        ],
        "availability_mode": "all",
        "device": {
            "identifiers": [topics.node],
            "name": room,
            "manufacturer": "speech-emotion-edge",
            "model": "ser-edge",
            "sw_version": __version__,
            "suggested_area": room,
        },
        "origin": {"name": "ser-edge", "sw_version": __version__},
    }
    if entity.component != "button":
        config["state_topic"] = topics(entity.key)
    if entity.attributes:
        config["json_attributes_topic"] = topics(entity.attributes)
    if entity.command:
        config["command_topic"] = topics(entity.command)
    return config
