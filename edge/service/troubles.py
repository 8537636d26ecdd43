"""What is wrong, though it listens: told once when it begins, and shown until it is over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

_LOG: Final = logging.getLogger(__name__)


class Troubles:
    """Sentences for people, at most one on each topic."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._watched: list[Callable[[], str | None]] = []

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong now."""
        watched = (look() for look in self._watched)
        return (*self._told.values(), *(sentence for sentence in watched if sentence))

    def report(self, topic: str, sentence: str) -> None:
        """Tell of a trouble, in the place of the one on this topic."""
        if self._told.get(topic) != sentence:
            _LOG.warning("%s", sentence)
        self._told[topic] = sentence

    def settle(self, topic: str) -> None:
        """Forget the trouble on a topic."""
        self._told.pop(topic, None)

    def watch(self, look: Callable[[], str | None]) -> None:
        """Ask for a trouble whenever somebody wants to know; whoever has it tells of it itself."""
        self._watched.append(look)
