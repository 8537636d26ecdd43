"""What every channel can do, whatever is behind it."""

from __future__ import annotations

import importlib.util
from typing import Final, Protocol

from edge.errors import DeliveryError
from edge.record.outbox import Message

MQTT: Final = "mqtt"
"""Name of the channel that is a broker; the others have the names of their ``[[channel]]``."""


class Channel(Protocol):
    """A way to somebody."""

    @property
    def name(self) -> str:
        """What the configuration and the outbox call it."""
        ...

    def deliver(self, message: Message) -> str:
        """Hand a message over, and return once it was confirmed there.

        Returns
        -------
        str
            What is to be said beside "confirmed"; mostly nothing.

        Raises
        ------
        DeliveryError
            If it was not confirmed, with one sentence that holds no secret.
        """
        ...

    def prepare(self) -> None:
        """Load what takes long, so that the first alarm need not wait for it.

        Raises
        ------
        DeliveryError
            If it can be seen already that no message will arrive.
        """
        ...


def require(module: str) -> None:
    """Raise `DeliveryError` where a library is missing, which the room needs only for telling."""
    if importlib.util.find_spec(module) is None:
        raise DeliveryError(f"the library {module} is missing; install `speech-emotion-edge[care]`")
