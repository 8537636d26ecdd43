"""What is wrong, though it listens: told once when it begins, and shown until it is over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

_LOG: Final = logging.getLogger(__name__)


class Troubles:
    """Sentences for people, by topic."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, ...]] = {}
        self._watched: list[Callable[[], str | None]] = []

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong now."""
        watched = (look() for look in self._watched)
        told = (sentence for sentences in self._told.values() for sentence in sentences)
        return (*told, *(sentence for sentence in watched if sentence))

    def of(self, topic: str) -> tuple[str, ...]:
        """Return what is wrong with one topic."""
        return self._told.get(topic, ())

    def report(self, topic: str, *sentences: str) -> None:
        """Tell of a trouble, in the place of the one on this topic."""
        for sentence in sentences:
            if sentence not in self._told.get(topic, ()):
                _LOG.warning("%s", sentence)
        self._told[topic] = sentences

    def settle(self, topic: str) -> None:
        """Forget the trouble on a topic."""
        self._told.pop(topic, None)

    def watch(self, look: Callable[[], str | None]) -> None:
        """Ask for a trouble whenever somebody wants to know; whoever has it tells of it itself."""
        self._watched.append(look)
