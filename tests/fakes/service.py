"""What the service talks to: a service manager's socket, and a status to begin from."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.record.moments import boot_id
from edge.service.status import Latency, ModelStatus, Status


class Manager:
    """A datagram socket as systemd listens on, with everything that was sent to it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.setblocking(False)
        self.heard: list[dict[str, str]] = []

    @classmethod
    def at(cls, folder: Path) -> Manager:
        return cls(str(folder / "notify"))

    def environment(self, *, watchdog_s: float | None = None) -> dict[str, str]:
        watched = {} if watchdog_s is None else {"WATCHDOG_USEC": str(round(watchdog_s * 1e6))}
        return {"NOTIFY_SOCKET": self.address} | watched

    def read(self) -> list[dict[str, str]]:
        """Return all messages so far, each as its assignments."""
        while True:
            try:
                text = self._socket.recv(65536).decode()
            except BlockingIOError:
                return self.heard
            self.heard.append(dict(line.split("=", 1) for line in text.splitlines()))

    def wait_for(
        self, wanted: Callable[[dict[str, str]], object], *, since: int = 0, limit_s: float = 30.0
    ) -> dict[str, str]:
        """Return the first message from number `since` on that is wanted."""
        deadline_s = time.monotonic() + limit_s
        while time.monotonic() < deadline_s:
            for message in self.read()[since:]:
                if wanted(message):
                    return message
            time.sleep(0.01)
        raise AssertionError(f"it was never said; heard {self.heard[since:]}")

    @property
    def statuses(self) -> list[str]:
        return [message["STATUS"] for message in self.read() if "STATUS" in message]

    def close(self) -> None:
        self._socket.close()


def status(**changes: Any) -> Status:
    """Return the status of this very process, which listens, with changes."""
    values: dict[str, Any] = {
        "schema": 1,
        "pid": os.getpid(),
        "boot_id": boot_id(),
        "version": "1.0",
        "started_utc": "2026-11-26T08:00:00Z",
        "updated_utc": "2026-11-26T12:00:00Z",
        "updated_monotonic_s": time.monotonic(),
        "health": "listening",
        "fault": None,
        "source": "USB Mic, 16000 Hz",
        "model": ModelStatus(id=None, name="room", version="1", sha256="ab" * 32),
        "on_trial": False,
        "state": "sad",
        "confidence": 0.71,
        "speaking": True,
        "level_dbfs": -31.0,
        "n_windows": 1200,
        "latency_ms": Latency(median=3.0, p95=4.5, max=9.0),
        "hop_s": 0.5,
        "n_lost": 0,
        "alarm": None,
        "trouble": (),
    }
    return Status(**(values | changes))
