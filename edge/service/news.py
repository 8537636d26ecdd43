"""What those who watch are told, and when: at once what matters, the rest at a pace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from edge.contract import tables
from edge.service.protocol import line_of
from edge.service.status import Status
from edge.service.visitor import Visitor

NEWS_LEAST_S: Final = 0.1
"""Least time from one change to the next that is told."""
NEWS_MOST_S: Final = 2.0
"""Longest time without a word where nothing changes."""

_URGENT: Final = ("newest_message", "alarm", "health")
"""What is told at once, however short ago something else was."""


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """A status, as it is sent."""

    line: bytes
    essence: dict[str, Any]
    """Without what changes always."""

    @property
    def urgent(self) -> tuple[object, ...]:
        """What cannot wait."""
        return tuple(self.essence[name] for name in _URGENT)


def news_of(status: Status) -> News:
    """Return a status as it is sent."""
    table = tables.to_table(status)
    essence = {name: value for name, value in table.items() if not name.startswith("updated_")}
    return News(line_of(table), essence)


def is_due(news: News, visitor: Visitor, *, now_s: float) -> bool:
    """Return whether a visitor is to be told now."""
    told = visitor.told
    if visitor.has_output or told is news:  # it gets the newest once it has taken the last
        return False
    if not isinstance(told, News) or visitor.told_s is None or told.urgent != news.urgent:
        return True
    waited_s = now_s - visitor.told_s
    return waited_s >= (NEWS_LEAST_S if told.essence != news.essence else NEWS_MOST_S)
