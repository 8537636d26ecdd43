"""One connection to a broker, from its beginning to its end; the next one is another object.

So nothing of a lost connection is ever sent by the next one behind our back: what is to be sent
again is decided by the outbox alone.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.config.settings import MqttConfig
from edge.errors import DeliveryError
from edge.notify import brokerfaults
from edge.notify.certificates import verifying
from edge.notify.secretfile import password

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessageInfo
    from paho.mqtt.enums import MQTTProtocolVersion

CONNECT_S: Final = 5.0
ANSWER_S: Final = 10.0
KEEPALIVE_S: Final = 15
"""A broker that is silent for longer than about twice this is gone."""
AT_LEAST_ONCE: Final = 1
_LOOK_S: Final = 0.1
NOBODY_LISTENS: Final = 0x10
"""How a broker confirms what none of its clients has subscribed to (MQTT 5)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """How to reach a broker."""

    settings: MqttConfig
    client_id: str
    """The broker closes an older connection with the same."""
    will: tuple[str, str] | None = None
    """What the broker says for us, retained, when we are gone without a word: topic, payload."""
    subscriptions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The broker, for people."""
        return f"{self.settings.host}:{self.settings.port}"


class Connection:
    """A connection that is being made, stands, or has ended.

    Parameters
    ----------
    login : Login
    on_message : callable
        Called in another thread with topic, payload, and whether the message was retained; it must
        return at once.

    Raises
    ------
    DeliveryError
        If no connection comes about, with a sentence that says why.
    """

    def __init__(
        self, login: Login, *, on_message: Callable[[str, str, bool], None] | None = None
    ) -> None:
        from paho.mqtt.enums import MQTTProtocolVersion

        self._login = login
        self._on_message = on_message
        self._codes: dict[int, Any] = {}
        self.has_ended = threading.Event()
        try:
            self._client = self._opened(MQTTProtocolVersion.MQTTv5)
        except brokerfaults.OldBrokerError:
            self.has_ended.clear()
            self._client = self._opened(MQTTProtocolVersion.MQTTv311)

    def show(self, topic: str, payload: str) -> None:
        """Publish a retained state, without waiting; lost where the connection ends."""
        self._client.publish(topic, payload, qos=0, retain=True)

    def tell(
        self, topic: str, payload: str, *, retain: bool = False, limit_s: float = ANSWER_S
    ) -> str:
        """Publish something, and return once the broker has confirmed it.

        Returns
        -------
        str
            What the broker says beside; mostly nothing.

        Raises
        ------
        DeliveryError
            If it did not: then it may have it, or not.
        """
        info = self._client.publish(topic, payload, qos=AT_LEAST_ONCE, retain=retain)
        self._wait_for(info, limit_s)
        # The library calls `_confirmed` first, and only then takes the message for published.
        code = self._codes.pop(info.mid, None)
        if code is not None and code.is_failure:
            raise DeliveryError(brokerfaults.refused_message(self._login, topic, code.value))
        return "nobody has subscribed to it" if code and code.value == NOBODY_LISTENS else ""

    def close(self) -> None:
        """End it properly, without the last will; may be called again."""
        self._client.disconnect()
        if not self.has_ended.wait(1.0):
            _cut(self._client)
            self._end()

    def _wait_for(self, info: MQTTMessageInfo, limit_s: float) -> None:
        deadline_s = time.monotonic() + limit_s
        while info.rc == 0 and not info.is_published() and not self.has_ended.is_set():
            if time.monotonic() > deadline_s:
                self.close()
                name = self._login.name
                raise DeliveryError(f"the broker {name} did not confirm in {limit_s:g} s")
            info.wait_for_publish(_LOOK_S)
        if info.rc != 0 or not info.is_published():
            raise DeliveryError(f"the connection to the broker {self._login.name} was lost")

    def _opened(self, protocol: MQTTProtocolVersion) -> Client:
        answer = _Answer()
        client = self._client_for(protocol, answer)
        try:
            client.connect(self._login.settings.host, self._login.settings.port, KEEPALIVE_S)
        except (OSError, ValueError) as error:
            raise brokerfaults.unreachable(self._login, error) from error
        _hurry(client)
        client.loop_start()
        if not answer.has_come.wait(ANSWER_S):
            client.loop_stop()
            raise DeliveryError(
                f"{self._login.name} does not answer like a broker; "
                "look at mqtt.host, mqtt.port and mqtt.tls"
            )
        if answer.fault:
            client.loop_stop()
            raise answer.fault
        return client

    def _client_for(self, protocol: MQTTProtocolVersion, answer: _Answer) -> Client:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._login.client_id,
            protocol=protocol,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_S
        self._identify(client)
        client.on_connect = lambda _client, _data, _flags, reason, _more: self._connected(
            client, answer, reason
        )
        client.on_disconnect = lambda *_: self._end(answer)
        client.on_publish = lambda _client, _data, mid, reason, _more: self._confirmed(mid, reason)
        client.on_message = lambda _client, _data, message: self._arrived(message)
        return client

    def _identify(self, client: Client) -> None:
        settings = self._login.settings
        if settings.username:
            secret = password(Path(settings.password_file)) if settings.password_file else None
            client.username_pw_set(settings.username, secret)
        if settings.tls:
            client.tls_set_context(_tls(settings))
        if self._login.will:
            topic, payload = self._login.will
            client.will_set(topic, payload, qos=AT_LEAST_ONCE, retain=True)

    # What the thread of the connection calls.

    def _connected(self, client: Client, answer: _Answer, reason: Any) -> None:
        if reason.is_failure:
            answer.fault = brokerfaults.refused_login(self._login, reason)
        elif self._login.subscriptions:
            client.subscribe([(topic, AT_LEAST_ONCE) for topic in self._login.subscriptions])
        answer.has_come.set()

    def _confirmed(self, mid: int, reason: Any) -> None:
        """Keep what a broker says beside "yes"; no lock here, for the library holds its own."""
        if reason.value:
            self._codes[mid] = reason
        else:
            self._codes.pop(mid, None)

    def _arrived(self, message: Any) -> None:
        if self._on_message:
            payload = message.payload.decode(errors="replace")
            self._on_message(message.topic, payload, message.retain)

    def _end(self, answer: _Answer | None = None) -> None:
        if answer:
            answer.end(self._login)
        self.has_ended.set()


class _Answer:
    """What a broker answers to the wish for a connection."""

    def __init__(self) -> None:
        self.has_come = threading.Event()
        self.fault: DeliveryError | None = None

    def end(self, login: Login) -> None:
        """Take the end of the connection for the answer, if none has come."""
        if not self.has_come.is_set():
            self.fault = brokerfaults.hung_up(login)
            self.has_come.set()


def _hurry(client: Client) -> None:
    """Let a small message go at once, also while the broker has not acknowledged the last."""
    way = client.socket()
    if isinstance(way, socket.socket):
        way.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _cut(client: Client) -> None:
    """End a connection whose other end does not answer any more."""
    way = client.socket()
    if isinstance(way, socket.socket):
        with suppress(OSError):
            way.shutdown(socket.SHUT_RDWR)


class _TidySocket(ssl.SSLSocket):
    """Closed where the handshake fails; paho leaves it open."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as ssl has it
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def _tls(settings: MqttConfig) -> ssl.SSLContext:
    try:
        context = verifying(settings.ca_file)
    except (OSError, ValueError) as error:
        raise brokerfaults.bad_ca_file(settings.ca_file, error) from error
    context.sslsocket_class = _TidySocket
    return context
