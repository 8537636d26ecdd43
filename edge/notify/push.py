"""Everything that Apprise knows: ntfy, e-mail, Telegram and a hundred others."""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import unquote

from edge.errors import DeliveryError
from edge.notify.channels import require
from edge.notify.messages import words
from edge.notify.secretfile import addresses
from edge.record.moments import Clock
from edge.record.outbox import Message

_LIBRARY: Final = "apprise"
_N_REMEMBERED: Final = 1000
_SHORTEST_SECRET: Final = 4
_LONGEST_REASON: Final = 200


class Push:
    """Tells people by Apprise.

    A file with several addresses is one channel: it has confirmed where all of them have. Those
    that have are not told again while the others are tried.

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
        self._told: deque[tuple[str, str]] = deque(maxlen=_N_REMEMBERED)

    def deliver(self, message: Message) -> str:
        """Tell every address; confirmed where Apprise says so of each."""
        require(_LIBRARY)
        faults = []
        urls = addresses(self._url_file)
        for number, url in enumerate(urls, start=1):
            if (message.message, url) in self._told:
                continue
            try:
                self._tell(url, message)
                self._told.append((message.message, url))
            except DeliveryError as error:
                where = f"address {number} of {len(urls)}: " if len(urls) > 1 else ""
                faults.append(f"{where}{error}")
        if faults:
            raise DeliveryError("; ".join(faults))
        return ""

    def prepare(self) -> None:
        """Load the library, which takes seconds on a small Pi, and look at the addresses."""
        require(_LIBRARY)
        for url in addresses(self._url_file):
            with _Eavesdropper():
                self._service(url)

    def _service(self, url: str) -> Any:
        from apprise import Apprise, AppriseAsset

        service = Apprise(asset=AppriseAsset(app_id="ser-edge", async_mode=False))
        if not service.add(url):
            raise DeliveryError(f"{self._url_file} holds an address that Apprise does not know")
        return service

    def _tell(self, url: str, message: Message) -> None:
        from apprise import NotifyFormat, NotifyType

        said = words(message, now=self._clock.now())
        kinds = {
            "notice": NotifyType.INFO,
            "warning": NotifyType.WARNING,
            "urgent": NotifyType.FAILURE,
        }
        is_over = message.phase in {"acknowledged", "ended"}
        with _Eavesdropper() as heard:
            is_told = self._service(url).notify(
                title=said.title,
                body=said.text,
                notify_type=NotifyType.SUCCESS if is_over else kinds[message.severity],
                body_format=NotifyFormat.TEXT,
            )
        if not is_told:
            raise DeliveryError(heard.reason(url))


class _Eavesdropper(logging.Handler):
    """Hears what Apprise says of a failure, and keeps it out of our log: it may hold secrets."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: list[str] = []
        self._thread = threading.get_ident()
        self._logger = logging.getLogger(_LIBRARY)

    def __enter__(self) -> Self:
        self._logger.addHandler(self)
        self._logger.propagate = False
        # Its debug lines are the addresses that are asked.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line that is about our own message."""
        if record.thread == self._thread:
            self._said.append(record.getMessage())

    def reason(self, url: str) -> str:
        """Return why it failed, without any part of the address."""
        said = next((" ".join(line.split()) for line in self._said), "")
        scheme = url.partition("://")[0]
        return f"{scheme}: {_without(url, said)[:_LONGEST_REASON] or 'Apprise could not tell it'}"


def _without(url: str, text: str) -> str:
    """Return a text in which no part of an address stands but its scheme."""
    rest = url.partition("://")[2]
    secrets: set[Any] = set()
    for part in (rest, *re.split(r"[/:@?&=#,\s]+", rest)):
        secrets |= {part, unquote(part)}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text
