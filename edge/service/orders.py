"""What people ask for, done within the loop: from the control socket and from the button."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from edge.errors import SerError
from edge.record import care
from edge.service.alarms import AlarmKeeper
from edge.service.control import Asked
from edge.service.happenings import AlarmNews, Happening
from edge.service.protocol import (
    Acknowledge,
    Answer,
    Command,
    EndSnooze,
    Feedback,
    Mute,
    Reload,
    Snooze,
    Unmute,
)

_LOG: Final = logging.getLogger(__name__)

BUTTON: Final = "button"
Done = tuple[Answer, Sequence[Happening]]


class Room(Protocol):
    """What can be done with the room that is listened to."""

    @property
    def is_muted(self) -> bool:
        """Whether the microphone is closed because somebody wants it so."""

    @property
    def snooze_s(self) -> float:
        """How long a snooze is if nobody says."""

    @property
    def unwritten(self) -> str | None:
        """Why the log could not be written just now; None if it was."""

    def mute(self, *, who: str) -> Done:
        """Close the microphone."""

    def unmute(self, *, who: str) -> Done:
        """Open it again."""

    def reload(self) -> None:
        """Read settings and model anew soon."""


class Orders:
    """Does one after the other; each is answered once the log has it.

    Parameters
    ----------
    keeper : AlarmKeeper
    room : Room
    asked : callable
        Returns the commands that wait at the control socket; never waits.
    """

    def __init__(
        self, keeper: AlarmKeeper, room: Room, *, asked: Callable[[], Sequence[Asked]]
    ) -> None:
        self._keeper = keeper
        self._room = room
        self._asked = asked
        self._presses: deque[str] = deque(maxlen=16)
        self._deeds: dict[type[Command], Callable[[Any], Done]] = {
            Acknowledge: self._acknowledge,
            Snooze: self._snooze,
            EndSnooze: self._end_snooze,
            Mute: self._mute,
            Unmute: self._unmute,
            Feedback: self._judge,
            Reload: self._reload,
        }

    def press(self, press: Literal["short", "double", "long"]) -> None:
        """Note that the button was pressed; for the button's own thread."""
        self._presses.append(press)

    def turn(self, tell: Callable[[Sequence[Happening]], None]) -> bool:
        """Do what is wanted; `tell` writes it down and passes it on.

        Returns
        -------
        bool
            Whether anything was.
        """
        n_done = 0
        while self._presses:
            self._obey(self._of_press(self._presses.popleft()), tell)
            n_done += 1
        for asked in self._asked():
            asked.answer(self._obey(asked.command, tell))
            n_done += 1
        return n_done > 0

    def _of_press(self, press: str) -> Command:
        if press == "short":
            return Acknowledge(who=BUTTON)
        if press == "double":
            return Snooze(who=BUTTON)
        return Unmute(who=BUTTON) if self._room.is_muted else Mute(who=BUTTON)

    def _obey(self, command: Command, tell: Callable[[Sequence[Happening]], None]) -> Answer:
        try:
            answer, happenings = self._deeds[type(command)](command)
            tell(happenings)
        except SerError as error:
            return Answer(ok=False, error=str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is one command's
            _LOG.warning("%s came to nothing", command, exc_info=True)
            return Answer(ok=False, error=f"internal error: {type(error).__name__}: {error}")
        if happenings and not answer.warning and (why := self._room.unwritten):
            return replace(answer, warning=f"it is done, but not in the log yet: {why}")
        return answer

    def _acknowledge(self, command: Acknowledge) -> Done:
        news = self._keeper.acknowledge(who=command.who, note=command.note, alarm=command.alarm)
        return Answer(alarms=_acknowledged(news)), news

    def _snooze(self, command: Snooze) -> Done:
        for_s = self._room.snooze_s if command.for_s is None else command.for_s
        happenings = self._keeper.snooze(for_s=for_s, who=command.who)
        return Answer(until=self._keeper.snoozed_until), happenings

    def _end_snooze(self, command: EndSnooze) -> Done:
        return Answer(), self._keeper.end_snooze(who=command.who)

    def _mute(self, command: Mute) -> Done:
        return self._room.mute(who=command.who)

    def _unmute(self, command: Unmute) -> Done:
        return self._room.unmute(who=command.who)

    def _judge(self, command: Feedback) -> Done:
        feedback = care.Feedback(
            verdict=command.verdict,
            heard_at=datetime.fromisoformat(command.heard_at),
            who=command.who,
            truth=command.truth,
            alarm=command.alarm,
            note=command.note,
        )
        return Answer(), [feedback]

    def _reload(self, _command: Reload) -> Done:
        self._room.reload()
        return Answer(), ()


def _acknowledged(news: Sequence[AlarmNews]) -> tuple[str, ...]:
    return tuple(change.alarm for each in news for change in each.changes)
