"""Tells systemd how the service fares: the protocol of sd_notify(3), without its library.

Where no service manager listens, nothing is sent and nothing fails.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

_LOG: Final = logging.getLogger(__name__)
_US_PER_S: Final = 1e6
_PATIENCE_S: Final = 0.05
"""A manager that does not read must not make us deaf."""
_READY_PATIENCE_S: Final = 2.0
"""But where this word is lost, the service counts as never started."""


class Notifier:
    """Sends datagrams to the service manager.

    Parameters
    ----------
    address : str
        ``NOTIFY_SOCKET``: a path, or after ``@`` an abstract name; empty where nobody listens.
    watchdog_s : float or None
        Time within which `feed` must be called again; None where nobody watches.
    """

    def __init__(self, address: str = "", *, watchdog_s: float | None = None) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog_s = watchdog_s
        self._has_complained = False

    @classmethod
    def here(cls, environ: Mapping[str, str] = os.environ) -> Notifier:
        """Return the notifier of this process, as its environment says."""
        return cls(environ.get("NOTIFY_SOCKET", ""), watchdog_s=watchdog_s(environ))

    def ready(self) -> None:
        """Say that the program has started, or that it has read its settings anew."""
        self._send("READY=1", patience_s=_READY_PATIENCE_S)

    def reloading(self) -> None:
        """Say that the settings are being read anew; `ready` must follow."""
        now_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send(f"RELOADING=1\nMONOTONIC_USEC={now_us}")

    def stopping(self) -> None:
        """Say that the program is about to end."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """Say in one line what the program is doing."""
        self._send(f"STATUS={' '.join(text.split())}")

    def feed(self) -> None:
        """Keep the watchdog quiet."""
        self._send("WATCHDOG=1")

    def _send(self, text: str, *, patience_s: float = _PATIENCE_S) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
                way.settimeout(patience_s)
                way.sendto(text.encode(), self._address)
        except OSError as error:
            if not self._has_complained:
                _LOG.warning("systemd cannot be told %r: %s", text, error)
            self._has_complained = True


def watchdog_s(environ: Mapping[str, str], *, pid: int | None = None) -> float | None:
    """Return the watchdog's patience with this process; None where it does not watch it."""
    try:
        patience_us = int(environ.get("WATCHDOG_USEC", "0"))
        watched = int(environ.get("WATCHDOG_PID", pid or os.getpid()))
    except ValueError:
        return None
    is_us = watched == (pid or os.getpid())
    return patience_us / _US_PER_S if patience_us > 0 and is_us else None
