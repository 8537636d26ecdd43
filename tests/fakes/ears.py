"""Ears without a microphone: the real control socket and protocol, and a status to set."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edge.config.places import Places
from edge.service.control import ControlSocket
from edge.service.protocol import (
    Acknowledge,
    Answer,
    Command,
    EndSnooze,
    Mute,
    Snooze,
    Unmute,
    socket_file,
)
from edge.service.status import AlarmStatus, Status
from tests.fakes.service import status as any_status


def alarm(alarm_id: str = "a1", **changes: Any) -> AlarmStatus:
    """Return an alarm that sounds, with changes."""
    values: dict[str, Any] = {
        "id": alarm_id,
        "rule": "distress",
        "severity": "urgent",
        "reason": "distress for 8 s of the last 20 s",
        "raised": "2026-11-26T14:03:00.000+01:00",
        "sounding": True,
    }
    return AlarmStatus(**(values | changes))


class FakeEars:
    """Serves the socket from a thread of this process, as a context.

    Commands are noted in `commands` and take their effect on the status: alarms are acknowledged,
    a snooze or a mute shows. `show` changes the status by hand.

    Parameters
    ----------
    path : Path, optional
        Of the socket; by default where clients of this process look first.
    status : Status, optional
    """

    def __init__(self, path: Path | None = None, status: Status | None = None) -> None:
        self.path = path or socket_file(Places.here())
        self.commands: list[Command] = []
        self.refusal: str | None = None
        """If set, every command is refused with it."""
        self.is_stuck = False
        """If set, nothing is done or told any more."""
        self._status = status or any_status()
        self._lock = threading.Lock()
        self._ending = threading.Event()

    def __enter__(self) -> Self:
        self._control = ControlSocket(self.path)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join(5)
        self._control.close()

    @property
    def status(self) -> Status:
        """How things are now."""
        return replace(self._status, updated_monotonic_s=time.monotonic())

    def show(self, **changes: Any) -> None:
        """Let the status be another one in these fields."""
        with self._lock:
            self._status = replace(self._status, **changes)

    def wait_for(self, kind: type[Command], *, limit_s: float = 10.0) -> Command:
        """Return the first command of a kind, once it has come."""
        deadline_s = time.monotonic() + limit_s
        while time.monotonic() < deadline_s:
            for command in list(self.commands):
                if isinstance(command, kind):
                    return command
            time.sleep(0.005)
        raise AssertionError(f"no {kind.__name__} has come; there came {self.commands}")

    def _listen(self) -> None:
        while not self._ending.wait(0.01):
            if self.is_stuck:
                continue
            for asked in self._control.take():
                self.commands.append(asked.command)
                asked.answer(self._follow(asked.command))
            if self._control.has_watchers:
                self._control.publish(self.status)

    def _follow(self, command: Command) -> Answer:
        if self.refusal:
            return Answer(ok=False, error=self.refusal)
        effect = _EFFECTS.get(type(command))
        return effect(self, command) if effect else Answer()

    def _acknowledge(self, command: Acknowledge) -> Answer:
        known = self._status.alarms
        gone = [a.id for a in known if command.alarm in {None, a.id}]
        left = tuple(a for a in known if a.id not in gone)
        first = next((a.rule for a in left if a.sounding), None)
        self.show(alarms=left, alarm=first)
        return Answer(alarms=tuple(gone))

    def _snooze(self, command: Snooze) -> Answer:
        until = (datetime.now(UTC) + timedelta(seconds=command.for_s or 900.0)).isoformat()
        self.show(snoozed_until=until)
        return Answer(until=until)

    def _end_snooze(self, _command: EndSnooze) -> Answer:
        self.show(snoozed_until=None)
        return Answer()

    def _mute(self, _command: Mute) -> Answer:
        self.show(health="muted", state="no_speech", confidence=0.0, speaking=False)
        return Answer()

    def _unmute(self, _command: Unmute) -> Answer:
        self.show(health="listening")
        return Answer()


_EFFECTS: dict[type, Callable[[FakeEars, Any], Answer]] = {
    Acknowledge: FakeEars._acknowledge,
    Snooze: FakeEars._snooze,
    EndSnooze: FakeEars._end_snooze,
    Mute: FakeEars._mute,
    Unmute: FakeEars._unmute,
}
