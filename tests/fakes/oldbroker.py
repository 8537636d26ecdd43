"""A broker that knows MQTT 3.1.1 only: it refuses version 5, and hands the rest to a real one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_REFUSED = b"\x20\x02\x00\x01"
"""CONNACK of MQTT 3.1.1: unacceptable protocol version."""


@dataclass
class OldBroker:
    port: int
    versions: list[int] = field(default_factory=list)
    """That were asked for."""


@contextmanager
def old_broker(port: int) -> Iterator[OldBroker]:
    """Give a broker that stands before the one at `port`."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        broker = OldBroker(server.getsockname()[1])
        threading.Thread(target=_serve, args=(server, port, broker), daemon=True).start()
        yield broker
        server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket, port: int, broker: OldBroker) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            first = client.recv(4096)
            version = first[first.index(b"MQTT") + 4]
            broker.versions.append(version)
            if version == 5:
                client.sendall(_REFUSED)
                client.close()
                continue
            behind = socket.create_connection(("127.0.0.1", port))
            behind.sendall(first)
            for one, other in ((client, behind), (behind, client)):
                threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(4096):
            other.sendall(data)
    for way in (one, other):
        with suppress(OSError):
            way.shutdown(socket.SHUT_RDWR)
        way.close()
