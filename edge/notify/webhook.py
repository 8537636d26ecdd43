"""A plain webhook: every message is posted as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from edge.notify.messages import table
from edge.notify.secretfile import addresses
from edge.notify.web import ask
from edge.record.moments import Clock
from edge.record.outbox import Message


class Webhook:
    """Posts messages to one address.

    Parameters
    ----------
    name : str
    url_file : Path
        It is read for every message, so that a mended one is noticed.
    clock : Clock
    """

    def __init__(self, name: str, *, url_file: Path, clock: Clock) -> None:
        self.name = name
        self._url_file = url_file
        self._clock = clock

    def deliver(self, message: Message) -> str:
        """Post a message; confirmed by any answer of 2xx."""
        body = json.dumps(table(message, now=self._clock.now()), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": message.message,
        }
        ask(addresses(self._url_file)[0], body=body, headers=headers)
        return ""

    def prepare(self) -> None:
        """Look whether there is an address."""
        addresses(self._url_file)
