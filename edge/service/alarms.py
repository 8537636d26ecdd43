"""The alarms of this device within the loop: causes go in, what is to be written comes out.

Nothing is written or shown here: the runner tells the log first and shows the lights after it.
"""

from __future__ import annotations

import platform
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from edge.config.settings import Config
from edge.decide.alarms import AlarmChange, DeskState, Instant, OpenAlarm
from edge.decide.alerts import ALL_CHANNELS
from edge.decide.desk import AlarmDesk
from edge.decide.outcomes import CauseNow
from edge.errors import RefusedError
from edge.record.care import Action
from edge.record.moments import Clock, rfc3339
from edge.record.outbox import Message
from edge.service.happenings import AlarmNews, Happening
from edge.service.status import AlarmStatus

MQTT: Final = "mqtt"
"""The channel that needs no ``[[channel]]``."""

TURN_S: Final = 0.1
"""Longest time from one look at the causes to the next."""


class AlarmKeeper:
    """Keeps the desk; to be used within the loop alone.

    Parameters
    ----------
    config : Config
    clock : Clock
        The wall.
    monotonic : callable
        Seconds since the boot.
    restored : DeskState, optional
        Where the alarms stood when the program ended.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
        restored: DeskState | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._monotonic = monotonic
        self._desk = AlarmDesk(
            config.alert, config.trouble.rules, new_id=lambda: uuid.uuid4().hex, restored=restored
        )
        self._n_windows = -1
        self._due_s = 0.0
        self.delivers = True
        """Whether the channels are told: only one process of a machine does that."""

    def go_by(self, config: Config) -> None:
        """Let other settings hold."""
        self._config = config
        self._desk.replace_rules(config.alert, config.trouble.rules)

    @property
    def sounding(self) -> OpenAlarm | None:
        """The alarm that is to be seen and heard."""
        return self._desk.sounding

    @property
    def open(self) -> tuple[AlarmStatus, ...]:
        """Alarms that nobody has answered yet, oldest first."""
        return tuple(_status(alarm) for alarm in self._desk.open)

    @property
    def snoozed_until(self) -> str | None:
        """Until when no alarm is raised, RFC 3339."""
        until = self._desk.snoozed_until
        return rfc3339(until) if until else None

    def is_due(self, *, n_windows: int) -> bool:
        """Return whether `turn` has something to look at: a new window, or time that passed."""
        now_s = self._monotonic()
        if n_windows == self._n_windows and now_s < self._due_s:
            return False
        self._n_windows, self._due_s = n_windows, now_s + TURN_S
        return True

    def turn(self, causes: Mapping[str, CauseNow]) -> Sequence[Happening]:
        """Look at what holds now; return what follows."""
        now, answered = self._now(), self._desk.answered
        news = self._news(self._desk.turn(now, causes), now)
        mended = sorted(answered - self._desk.answered)
        # In the log too: after a restart it must not be taken for what was acknowledged.
        return [*news, *(Action(action="mended", who="", note=name) for name in mended)]

    def acknowledge(self, *, who: str, note: str, alarm: str | None) -> Sequence[AlarmNews]:
        """End one alarm, or all, because somebody has come.

        Raises
        ------
        RefusedError
            If the alarm is not open.
        """
        now = self._now()
        changes = self._desk.acknowledge(now, who=who, note=note, alarm=alarm)
        if alarm is not None and not changes:
            raise RefusedError(
                f"there is no open alarm {alarm!r}, or somebody has acknowledged it already; "
                "`ser-edge alarms` lists those that are open"
            )
        return self._news(changes, now)

    def snooze(self, *, for_s: float, who: str) -> Sequence[Happening]:
        """Let no rule raise an alarm for a while."""
        now = self._now()
        changes = self._desk.snooze(now, for_s=for_s, who=who)
        action = Action(action="snoozed", who=who, until=self._desk.snoozed_until)
        return [action, *self._news(changes, now)]

    def end_snooze(self, *, who: str) -> Sequence[Happening]:
        """Let alarms be raised again; nothing follows where nothing was snoozed."""
        if self._desk.snoozed_until is None:
            return ()
        now = self._now()
        changes = self._desk.end_snooze(now, who=who)
        return [Action(action="snooze ended", who=who), *self._news(changes, now)]

    def _now(self) -> Instant:
        return Instant(monotonic_s=self._monotonic(), wall=self._clock.now())

    def _news(self, changes: Sequence[AlarmChange], now: Instant) -> Sequence[AlarmNews]:
        if not changes:
            return ()
        messages = [
            self._message(change, channel, now)
            for change in changes
            for channel in (channels_of(change, self._config) if self.delivers else ())
        ]
        return (AlarmNews(changes=tuple(changes), messages=tuple(messages)),)

    def _message(self, change: AlarmChange, channel: str, now: Instant) -> Message:
        return Message(
            message=uuid.uuid4().hex,
            alarm=change.alarm,
            rule=change.rule,
            phase=change.phase,
            severity=change.severity,
            reason=change.reason,
            room=room_name(self._config),
            time=rfc3339(now.wall),
            who=change.who,
            note=change.note,
            step=change.step,
            confidence=change.confidence,
            channel=channel,
        )


def room_name(config: Config) -> str:
    """Return what messages call the room."""
    return config.room.name or platform.node() or "room"


def channels_of(change: AlarmChange, config: Config) -> tuple[str, ...]:
    """Return the channels that are told of a change: those it names that there are.

    The broker hears of every phase, so that what it shows is right; of the others each says what
    it wants to hear of.
    """
    wanted = {channel.name for channel in config.channel if change.phase in channel.events}
    if config.mqtt.host:
        wanted.add(MQTT)
    names = sorted(wanted)
    return tuple(name for name in names if {name, ALL_CHANNELS} & {*change.notify})


def _status(alarm: OpenAlarm) -> AlarmStatus:
    return AlarmStatus(
        id=alarm.id,
        rule=alarm.rule,
        severity=alarm.severity,
        reason=alarm.reason,
        raised=rfc3339(alarm.raised.wall),
        sounding=alarm.sounding,
    )
