"""A room's link to a broker, running, as a context."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from edge.config.settings import MqttConfig
from edge.notify.mqtt import BrokerLink, BrokerPlan, MqttChannel
from tests.edge.notify.letters import Clock


@dataclass
class Room:
    """What a link does in this test."""

    plan: BrokerPlan
    commands: list[tuple[str, str]] = field(default_factory=list)
    n_ups: int = 0
    on_up: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.link = BrokerLink(
            self.plan, on_command=lambda *given: self.commands.append(given), on_up=self._up
        )
        self.channel = MqttChannel(self.plan, connection=self.link.connection, clock=Clock())

    def _up(self) -> None:
        self.n_ups += 1
        self.on_up()

    @property
    def is_up(self) -> bool:
        connection = self.link._connection
        return self.n_ups > 0 and connection is not None and not connection.has_ended.is_set()


@contextmanager
def linked(port: int, *, room: str = "Living room", **settings: Any) -> Iterator[Room]:
    """Give a room whose link runs; it ends properly."""
    config = MqttConfig(**{"host": "localhost", "port": port} | settings)
    made = Room(BrokerPlan(settings=config, room=room))
    thread = threading.Thread(target=made.link.run, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.link.stop()
        thread.join(20)
        assert not thread.is_alive()
