"""A real Mosquitto on a port of its own, which can be stopped, killed and started again."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.support import need

HOST = "localhost"
_LIMIT_S = 20.0


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(is_so: Callable[[], Any], *, limit_s: float = _LIMIT_S) -> Any:
    """Return the first true answer; fail where none comes."""
    deadline_s = time.monotonic() + limit_s
    while time.monotonic() < deadline_s:
        if answer := is_so():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"it did not happen within {limit_s:g} s")


class Broker:
    """One Mosquitto; what it retains is lost when it ends, as on a broker without a disk."""

    def __init__(self, folder: Path, *settings: str) -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        need(program, "mosquitto (Debian package mosquitto)")
        self._program = str(program)
        self.port = free_port()
        self._config = folder / f"mosquitto-{self.port}.conf"
        lines = ("user root", "allow_anonymous true", f"listener {self.port} 127.0.0.1", *settings)
        self._config.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers; nothing where it runs already."""
        if self._process and self._process.poll() is None:
            return
        log = self._config.with_suffix(".log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._config)], stdout=log, stderr=log
            )
        wait_until(self._answers)

    def stop(self) -> None:
        """End it as a clean shutdown does."""
        self._end("terminate")

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end("kill")

    def stand_still(self) -> None:
        """Take in nothing more, as behind a broken wire, until `go_on` or `kill`."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Take in what has come meanwhile."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def _end(self, how: str) -> None:
        if self._process:
            getattr(self._process, how)()
            self._process.wait(_LIMIT_S)
        self._process = None

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, self._config.with_suffix(".log").read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


@contextmanager
def running(folder: Path, *settings: str) -> Iterator[Broker]:
    """Give a broker that runs."""
    broker = Broker(folder, *settings)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@dataclass(frozen=True)
class Heard:
    topic: str
    payload: str
    retained: bool


@dataclass
class Listener:
    """A client that hears everything, as Home Assistant does; it can speak, too."""

    port: int
    topic: str = "#"
    username: str | None = None
    password: str | None = None
    heard: list[Heard] = field(default_factory=list)

    def __enter__(self) -> Self:
        from paho.mqtt import client as mqtt

        self.is_subscribed = threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda *_: self._client.subscribe(self.topic, qos=1)
        self._client.on_subscribe = lambda *_: self.is_subscribed.set()
        self._client.on_disconnect = lambda *_: self.is_subscribed.clear()
        if self.username:
            self._client.username_pw_set(self.username, self.password)
        self._client.reconnect_delay_set(0.1, 0.2)
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()
        assert self.is_subscribed.wait(_LIMIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        self.heard.append(Heard(message.topic, message.payload.decode(), message.retain))

    def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Publish something, and wait until the broker has it."""
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(_LIMIT_S)

    def all_of(self, topic: str) -> list[str]:
        """Return what was said on a topic so far."""
        return [heard.payload for heard in list(self.heard) if heard.topic == topic]

    def last(self, topic: str) -> str | None:
        """Return what was said last on a topic."""
        return next(iter(self.all_of(topic)[::-1]), None)

    def wait_for_more(self, topic: str, n: int) -> None:
        """Wait until so many messages have been said on a topic."""
        wait_until(lambda: len(self.all_of(topic)) >= n)

    def wait_for(self, topic: str, payload: str | None = None, *, since: int = 0) -> str:
        """Return the first payload on a topic, or wait for this one, from message `since` on."""

        def found() -> list[Heard]:
            return [
                heard
                for heard in list(self.heard)[since:]
                if heard.topic == topic and payload in (None, heard.payload)
            ]

        try:
            return str(wait_until(found)[0].payload)
        except AssertionError:
            said = self.all_of(topic)
            raise AssertionError(f"{payload!r} was not said on {topic}, but {said}") from None
