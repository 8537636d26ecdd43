"""Everybody who delivers by one configuration: couriers, the broker's link, the heartbeat."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from edge.config.load import log_file
from edge.config.places import Places
from edge.config.settings import ChannelConfig, Config
from edge.errors import RecordError
from edge.notify.channels import Channel
from edge.notify.complaint import Complaint
from edge.notify.courier import Courier
from edge.notify.deliverer import Deliverer
from edge.notify.heartbeat import NAME as HEARTBEAT
from edge.notify.heartbeat import Heartbeat
from edge.notify.mqtt import BrokerLink, BrokerPlan, MqttChannel
from edge.notify.orders import Orders
from edge.notify.push import Push
from edge.notify.webhook import Webhook
from edge.record.moments import Clock, SystemClock
from edge.record.outbox import Outbox
from edge.service.alarms import room_name
from edge.service.commands import Ears
from edge.service.status import Status

_LOG: Final = logging.getLogger(__name__)
_NOTHING: Final = (
    "nothing to deliver to: set mqtt.host, [[channel]] or heartbeat.url_file in the configuration, "
    "then `sudo systemctl reload ser-edge-deliver`"
)


def direct_channel(channel: ChannelConfig, clock: Clock) -> Channel:
    """Return the channel that an entry of the configuration describes."""
    kind = Webhook if channel.kind == "webhook" else Push
    return kind(channel.name, url_file=Path(channel.url_file), clock=clock)


def broker_plan(config: Config) -> BrokerPlan | None:
    """Return the broker of the configuration, if it names one."""
    if not config.mqtt.host:
        return None
    return BrokerPlan(settings=config.mqtt, room=room_name(config))


def heartbeat(config: Config) -> Heartbeat | None:
    """Return the heartbeat of the configuration, if it has one."""
    if not config.heartbeat.url_file:
        return None
    return Heartbeat(
        url_file=Path(config.heartbeat.url_file),
        every_s=config.heartbeat.every_s,
        monotonic_s=time.monotonic,
    )


class Crew:
    """Everybody who works for one configuration.

    Parameters
    ----------
    config : Config
    places : Places
    after : Crew, optional
        The one before, which was told to stop.
    """

    def __init__(self, config: Config, places: Places, *, after: Crew | None = None) -> None:
        clock = SystemClock()
        self._log = log_file(config, places)
        self._is_ending = threading.Event()
        self._heartbeat = heartbeat(config)
        self._link: BrokerLink | None = None
        self._orders = Orders(Ears(places), snooze_s=config.room.snooze_s)
        couriers = [self._courier(direct_channel(entry, clock)) for entry in config.channel]
        self.names = [entry.name for entry in config.channel]
        if plan := broker_plan(config):
            self._link = BrokerLink(plan, on_command=self._orders.take, on_up=self._hurry)
            channel = MqttChannel(plan, connection=self._link.connection, clock=clock)
            couriers.insert(0, self._courier(channel, self._link.complaint))
            self.names.insert(0, channel.name)
        self._deliverer = Deliverer(couriers, after=after.deliverer if after else None)
        self._newest = -1

    @property
    def deliverer(self) -> Deliverer:
        """Who empties the outbox."""
        return self._deliverer

    @property
    def summary(self) -> str:
        """What is done, and what does not work, in one line."""
        names = [*self.names, *([HEARTBEAT] if self._heartbeat else [])]
        if not names:
            return _NOTHING
        waiting = self._deliverer.n_waiting
        parts = [f"delivers to {', '.join(names)}"]
        parts += [_waiting(waiting)] if waiting else []
        return "; ".join([*parts, *self._complaints()])

    def start(self) -> None:
        """Begin."""
        self._name_orphans()
        self._deliverer.start()
        if self._heartbeat:
            self._begin(partial(self._heartbeat.run, self._is_ending))
        if self._link:
            self._begin(self._link.run)
            self._begin(partial(self._orders.run, self._is_ending))

    def heard(self, status: Status | None) -> None:
        """Take in how the ears are; called often."""
        if self._link:
            self._link.show(status)
        if self._heartbeat:
            self._heartbeat.heard(status)
        newest = status.newest_message if status else self._newest
        if newest != self._newest:
            self._newest = newest
            self._deliverer.wake()

    def stop(self) -> None:
        """Begin nothing new, and say goodbye to the broker."""
        self._is_ending.set()
        self._deliverer.stop()
        if self._link:
            self._link.stop()

    def join(self, limit_s: float) -> None:
        """Wait for those who are delivering."""
        self._deliverer.join(limit_s)

    def _courier(self, channel: Channel, complaint: Complaint | None = None) -> Courier:
        outbox = Outbox(self._log)
        return Courier(channel, outbox, monotonic_s=time.monotonic, complaint=complaint)

    def _begin(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()

    def _hurry(self) -> None:
        self._deliverer.hurry()

    def _complaints(self) -> list[str]:
        others = [self._link.complaint.text if self._link else ""]
        others += [self._heartbeat.complaint.text if self._heartbeat else ""]
        return list(dict.fromkeys(filter(None, [*others, *self._deliverer.complaints])))

    def _name_orphans(self) -> None:
        """Say which messages nobody will ever take: their channel is not configured any more."""
        outbox = Outbox(self._log)
        try:
            waiting = outbox.waiting()
        except RecordError as error:
            _LOG.warning("%s", error)
            return
        finally:
            outbox.close()
        for name in sorted(waiting.keys() - set(self.names)):
            n = waiting[name].n_messages
            _LOG.warning("%s for %r, a channel that is not configured", _waiting(n), name)


def _waiting(n_messages: int) -> str:
    return "1 message waits" if n_messages == 1 else f"{n_messages} messages wait"
