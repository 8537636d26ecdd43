"""A broker, and Home Assistant behind it: what the room is like, what happens, what is asked."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from edge.config.settings import MqttConfig
from edge.errors import DeliveryError
from edge.notify.backoff import Backoff
from edge.notify.channels import MQTT, require
from edge.notify.complaint import Complaint
from edge.notify.connection import ANSWER_S, CONNECT_S, Connection, Login
from edge.notify.discovery import (
    AVAILABILITY,
    COMMANDS,
    EVENT,
    TEST_PHASE,
    announcements,
    birth_topics,
)
from edge.notify.messages import is_test, table
from edge.notify.states import Changes, states
from edge.notify.topics import OFFLINE, ONLINE, Topics
from edge.record.moments import Clock
from edge.record.outbox import Message
from edge.service.status import Status

_LONGEST_WAIT_S: Final = 30.0
"""Between attempts to connect: they cost nothing, and the next alarm waits for them."""
_LASTED_S: Final = 60.0
"""A connection that stood for so long was a good one."""
_FAREWELL_S: Final = 0.5
_MACHINE_ID: Final = Path("/etc/machine-id")


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerPlan:
    """Which broker, and as which room."""

    settings: MqttConfig
    room: str
    """For people."""

    @property
    def topics(self) -> Topics:
        """Where this room speaks."""
        return Topics.of(prefix=self.settings.prefix, room=self.room)

    def login(self) -> Login:
        """Return how the room itself connects."""
        topics = self.topics
        commands = tuple(topics(name) for name in COMMANDS)
        births = birth_topics(self.settings.discovery_prefix)
        return Login(
            settings=self.settings,
            client_id=f"{topics.node}-{_machine()}",
            will=(topics(AVAILABILITY), OFFLINE),
            subscriptions=(*commands, *births, topics(AVAILABILITY)),
        )

    def test_login(self) -> Login:
        """Return how a test connects, beside the room itself."""
        return Login(settings=self.settings, client_id=f"{self.topics.node}-{_machine()}-test")


class MqttChannel:
    """Tells a broker what happens to alarms, each once, confirmed by the broker (QoS 1).

    Parameters
    ----------
    plan : BrokerPlan
    connection : callable
        Gives the connection to use now, or raises `DeliveryError`.
    clock : Clock
    """

    name = MQTT

    def __init__(
        self, plan: BrokerPlan, *, connection: Callable[[], Connection], clock: Clock
    ) -> None:
        self._topic = plan.topics(EVENT)
        self._connection = connection
        self._clock = clock

    def deliver(self, message: Message) -> str:
        """Publish a message, and return once the broker has it."""
        kind = TEST_PHASE if is_test(message) else message.phase
        event = {"event_type": kind, **table(message, now=self._clock.now())}
        return self._connection().tell(self._topic, json.dumps(event, ensure_ascii=False))

    def prepare(self) -> None:
        """Nothing: the connection is somebody else's."""


class BrokerLink:
    """Keeps a connection to the broker, and the room's retained states on it.

    Parameters
    ----------
    plan : BrokerPlan
    on_command : callable
        Called with the name of a command's topic within the room, and the payload.
    on_up : callable
        Called when a connection stands.
    """

    def __init__(
        self,
        plan: BrokerPlan,
        *,
        on_command: Callable[[str, str], None],
        on_up: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._topics = plan.topics
        self._on_command = on_command
        self._on_up = on_up
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._states = states(None)
        self._changes = Changes(time.monotonic)
        self._has_tried = threading.Event()
        self._is_ending = threading.Event()
        self.complaint = Complaint(MQTT)

    def connection(self) -> Connection:
        """Return the connection that stands, once the first attempt has been made.

        Raises
        ------
        DeliveryError
            Saying why there is none.
        """
        self._has_tried.wait(CONNECT_S + ANSWER_S)
        connection = self._connection
        if connection is None or connection.has_ended.is_set():
            broker = self._plan.login().name
            raise DeliveryError(self.complaint.text or f"no connection to the broker {broker}")
        return connection

    def show(self, status: Status | None) -> None:
        """Let the broker know how the room is, as far as that has changed; never waits."""
        now = states(status)
        with self._lock:
            self._states.update(now)
            self._publish_changes()

    def run(self) -> None:
        """Connect, again and again, until `stop`."""
        backoff = Backoff(time.monotonic, longest_s=_LONGEST_WAIT_S)
        while not self._is_ending.is_set():
            began_s = time.monotonic()
            self._connect_once()
            if time.monotonic() - began_s > _LASTED_S:
                backoff.reset()
            backoff.failed()
            self._is_ending.wait(backoff.rest_s)

    def stop(self) -> None:
        """End properly: say that the room is not there any more."""
        self._is_ending.set()
        self._has_tried.set()
        connection = self._connection
        if connection and not connection.has_ended.is_set():
            with suppress(DeliveryError):
                topic = self._topics(AVAILABILITY)
                connection.tell(topic, OFFLINE, retain=True, limit_s=_FAREWELL_S)
            connection.close()

    def _connect_once(self) -> None:
        try:
            require("paho")
            connection = Connection(self._plan.login(), on_message=self._arrived)
        except DeliveryError as error:
            self.complaint.say(str(error))
            self._has_tried.set()
            return
        if self._is_ending.is_set():
            connection.close()
            return
        self.complaint.over()
        with self._lock:
            self._connection = connection
            self._introduce()
        self._has_tried.set()
        self._on_up()
        connection.has_ended.wait()
        if not self._is_ending.is_set():
            self.complaint.say("the connection was lost; it is made again")

    def _introduce(self) -> None:
        """Publish everything that is retained: a broker may have forgotten it."""
        with self._lock:
            connection = self._connection
            if connection is None or self._is_ending.is_set():
                return
            prefix = self._plan.settings.discovery_prefix
            told = announcements(self._topics, discovery_prefix=prefix, room=self._plan.room)
            for topic, payload in told.items():
                connection.show(topic, payload)
            self._changes.forget()
            self._publish_changes()
            connection.show(self._topics(AVAILABILITY), ONLINE)

    def _publish_changes(self) -> None:
        connection = self._connection
        if connection and not connection.has_ended.is_set():
            for name, payload in self._changes.take(self._states).items():
                connection.show(self._topics(name), payload)

    def _arrived(self, topic: str, payload: str, retained: bool) -> None:  # noqa: FBT001 - a callback
        """Take in a message, in the thread of the connection."""
        if topic == self._topics(AVAILABILITY):
            # An older connection of ours was given up after this one had begun.
            if payload == OFFLINE and not retained and not self._is_ending.is_set():
                self._introduce()
        elif retained:
            return  # pressed before we were there: nobody knows when
        elif topic.startswith(f"{self._topics.head}/"):
            self._on_command(topic.removeprefix(f"{self._topics.head}/"), payload)
        elif payload == ONLINE:
            self._introduce()


def _machine() -> str:
    """Return a name of this machine that tells nobody else which one it is."""
    try:
        identity = _MACHINE_ID.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        identity = socket.gethostname()
    return sha256(f"ser-edge {identity}".encode()).hexdigest()[:8]
