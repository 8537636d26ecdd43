"""Trying the channels: a message that says that it is a test, by the very way of an alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from edge.app.crew import broker_plan, direct_channel, heartbeat
from edge.config.settings import Config
from edge.contract.tables import did_you_mean
from edge.errors import ConfigError, DeliveryError, UsageError
from edge.notify.channels import MQTT, Channel, require
from edge.notify.connection import Connection
from edge.notify.heartbeat import NAME as HEARTBEAT
from edge.notify.heartbeat import Heartbeat
from edge.notify.messages import test_message
from edge.notify.mqtt import BrokerPlan, MqttChannel
from edge.record.moments import Clock, SystemClock
from edge.service.alarms import room_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """How one channel answered."""

    channel: str
    confirmed: bool
    text: str
    """Why not, or what is to be said beside."""


Trial = Callable[[], str]
"""Returns what is to be said beside, or raises `DeliveryError`."""


def try_channels(config: Config, only: str | None) -> Iterator[Tried]:
    """Try one channel, or all of them, and yield each answer as it comes.

    Raises
    ------
    ConfigError
        If there is no channel.
    UsageError
        If there is none of this name.
    """
    trials = _trials(config, SystemClock())
    if not trials:
        raise ConfigError(
            "no channel is configured; set mqtt.host, [[channel]] or heartbeat.url_file"
        )
    if only is not None and only not in trials:
        raise UsageError(f"there is no channel {only!r}: {did_you_mean(only, list(trials))}")
    return (_tried(name, trial) for name, trial in trials.items() if only in {None, name})


def _trials(config: Config, clock: Clock) -> dict[str, Trial]:
    room = room_name(config)
    trials: dict[str, Trial] = {}
    if plan := broker_plan(config):
        trials[MQTT] = partial(_try_broker, plan, clock)
    for entry in config.channel:
        trials[entry.name] = partial(_try, direct_channel(entry, clock), room, clock)
    if beat := heartbeat(config):
        trials[HEARTBEAT] = partial(_try_heartbeat, beat)
    return trials


def _tried(name: str, trial: Trial) -> Tried:
    try:
        return Tried(channel=name, confirmed=True, text=trial())
    except DeliveryError as error:
        return Tried(channel=name, confirmed=False, text=str(error))


def _try(channel: Channel, room: str, clock: Clock) -> str:
    return channel.deliver(test_message(channel.name, room=room, now=clock.now()))


def _try_broker(plan: BrokerPlan, clock: Clock) -> str:
    require("paho")
    with closing(Connection(plan.test_login())) as connection:
        channel = MqttChannel(plan, connection=lambda: connection, clock=clock)
        return _try(channel, plan.room, clock)


def _try_heartbeat(beat: Heartbeat) -> str:
    beat.beat()
    return ""
