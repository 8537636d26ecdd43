"""Says how the program fares: to systemd, and in the file that `ser-edge status` reads."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from edge import __version__
from edge.decide.outcomes import Event, Scores, Signal
from edge.record.minutes import percentile_95
from edge.record.moments import boot_id, rfc3339
from edge.service.control import ControlSocket
from edge.service.ears import PAUSE_S, Ears
from edge.service.feeding import Patience, deserves_food
from edge.service.happenings import Happening
from edge.service.status import (
    SCHEMA,
    AlarmStatus,
    Latency,
    ModelStatus,
    Status,
    write_status,
)
from edge.service.systemd import Notifier
from edge.service.troubles import Troubles

PERIOD_S: Final = 1.0
"""From one status to the next."""

_MEALS: Final = 3
"""The watchdog is fed so many times within its patience."""
_WINDOW_SLACK_S: Final = 5.0
_MS_PER_S: Final = 1e3


class Subject(Protocol):
    """What is reported on."""

    @property
    def source_name(self) -> str:
        """What is listened to."""

    @property
    def model(self) -> ModelStatus:
        """The model that listens."""

    @property
    def on_trial(self) -> bool:
        """Whether it has yet to prove itself."""

    @property
    def deaf_restart_s(self) -> float:
        """Time without sound after which systemd shall start the program afresh."""

    @property
    def room(self) -> str:
        """Name of the room."""

    @property
    def alarms(self) -> tuple[AlarmStatus, ...]:
        """Alarms that nobody has answered yet."""

    @property
    def snoozed_until(self) -> str | None:
        """Until when no alarm is raised."""

    @property
    def newest_message(self) -> int:
        """Greatest id in the outbox."""


@dataclass(slots=True)
class _Meal:
    """When the watchdog is due."""

    every_s: float
    due_s: float = 0.0


class Reporter:
    """The listener that reports; `turn` must be called from within the loop, often.

    Parameters
    ----------
    notifier : Notifier
    path : Path or None
        The status file; None where another process has it.
    ears : Ears
    subject : Subject
    troubles : Troubles
    clock : callable
        Monotonic seconds since the boot.
    """

    def __init__(
        self,
        notifier: Notifier,
        path: Path | None,
        *,
        ears: Ears,
        subject: Subject,
        troubles: Troubles,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notifier = notifier
        self._path = path
        self._ears = ears
        self._subject = subject
        self._troubles = troubles
        self._clock = clock
        self._boot_id = boot_id()
        self._started_utc = _utc_now()
        self._state_since = rfc3339(datetime.now().astimezone())
        self._signal: Signal | None = None
        self.control: ControlSocket | None = None
        """Those who watch at this socket are told too."""
        self._due_s = 0.0
        self._has_news = False
        self._said = ""
        self._is_ready = False
        watchdog_s = notifier.watchdog_s
        self._meal = _Meal(every_s=watchdog_s / _MEALS) if watchdog_s else None

    def take(self, outcome: Happening, *, state: str) -> None:  # noqa: ARG002 - as others
        """What happens is reported with the next signal; an alarm does not wait for its second."""
        if isinstance(outcome, Event):
            self._state_since = rfc3339(datetime.now().astimezone())
        elif not isinstance(outcome, Scores):
            self._has_news = True

    def show(self, signal: Signal) -> None:
        """Remember how things are, tell those who watch; the end is reported at once."""
        self._signal = signal
        if self._has_news:
            self._has_news, self._due_s = False, 0.0
        if self.control and self.control.has_watchers:
            self.control.publish(self._status(self._clock(), signal))
        if signal.health == "stopped":
            self._notifier.stopping()
            self._report(self._clock(), signal)

    def close(self) -> None:
        """Nothing is open."""

    def turn(self) -> None:
        """Do what is due: the loop turns."""
        now_s = self._clock()
        if self._meal and now_s >= self._meal.due_s:
            self._meal.due_s = now_s + self._meal.every_s
            self._feed(now_s)
        if now_s >= self._due_s and self._signal:
            self._due_s = now_s + PERIOD_S
            self._report(now_s, self._signal)
            self.ready()

    def ready(self) -> None:
        """Say that the program is ready, once."""
        if not self._is_ready:
            self._is_ready = True
            self._notifier.ready()

    def reloading(self) -> None:
        """Say that the settings are being read anew; `ready` must follow."""
        self._is_ready = False
        self._notifier.reloading()

    def _feed(self, now_s: float) -> None:
        if self._ears.is_paused:  # nothing is to come
            self._notifier.feed()
            return
        scorer = self._ears.pipeline.scorer
        own_s = (scorer.window_length + scorer.hop_length) / scorer.sample_rate_hz
        patience = Patience(
            sound_s=PAUSE_S,
            window_s=own_s + _WINDOW_SLACK_S,
            deaf_s=self._subject.deaf_restart_s,
        )
        if deserves_food(self._ears.vitals.pulse, patience, now_s=now_s):
            self._notifier.feed()

    def _report(self, now_s: float, signal: Signal) -> None:
        status = self._status(now_s, signal)
        if (said := in_one_line(status)) != self._said:
            self._said = said
            self._notifier.status(said)
        if self._path is None:
            return
        try:
            write_status(self._path, status)
        except OSError as error:
            sentence = f"{self._path}: the status cannot be written: {error.strerror}"
            self._troubles.report("status", sentence)
        else:
            self._troubles.settle("status")

    def _status(self, now_s: float, signal: Signal) -> Status:
        scorer, vitals = self._ears.pipeline.scorer, self._ears.vitals
        return Status(
            schema=SCHEMA,
            pid=os.getpid(),
            boot_id=self._boot_id,
            version=__version__,
            started_utc=self._started_utc,
            updated_utc=_utc_now(),
            updated_monotonic_s=round(now_s, 3),
            health=signal.health,
            fault=signal.fault,
            source=self._subject.source_name,
            model=self._subject.model,
            on_trial=self._subject.on_trial,
            state=signal.state,
            confidence=round(signal.confidence, 3),
            speaking=signal.speaking,
            level_dbfs=round(signal.level_dbfs, 1),
            n_windows=vitals.n_windows,
            latency_ms=latency_of(list(vitals.latencies_s)),
            hop_s=round(scorer.hop_length / scorer.sample_rate_hz, 4),
            n_lost=vitals.n_lost,
            alarm=signal.alarm,
            trouble=self._troubles.sentences,
            room=self._subject.room,
            state_since=self._state_since,
            alarms=self._subject.alarms,
            snoozed_until=self._subject.snoozed_until,
            probabilities=_rounded(self._ears.pipeline.decided.probabilities),
            newest_message=self._subject.newest_message,
        )


def latency_of(latencies_s: list[float]) -> Latency | None:
    """Return what durations in seconds come to; None of none."""
    if not latencies_s:
        return None
    figures_s = (statistics.median(latencies_s), percentile_95(latencies_s), max(latencies_s))
    median, p95, longest = (round(_MS_PER_S * figure_s, 2) for figure_s in figures_s)
    return Latency(median=median, p95=p95, max=longest)


def in_one_line(status: Status) -> str:
    """Return what `systemctl status` shows."""
    parts = [_hearing(status), f"model {status.model.name} {status.model.version}"]
    if status.on_trial:
        parts[1] += " on trial"
    if status.alarm:
        parts.insert(0, f"ALARM {status.alarm}")
    elif status.alarms:
        parts.insert(0, f"unanswered: {status.alarms[0].rule}")
    if status.trouble:
        parts.append(f"trouble: {status.trouble[0].splitlines()[0].rstrip(':')}")
    return "; ".join(parts)


def _hearing(status: Status) -> str:
    if status.health == "deaf":
        return f"DEAF: {status.fault}"
    if status.health == "muted":
        return "MUTED: the microphone is closed"
    if status.health != "listening":
        return f"{status.health}, {status.source}"
    state = status.state.replace("_", " ")
    # In tenths: a figure that changes each second would fill the manager's log.
    sureness = f" {round(status.confidence, 1):.0%}" if status.confidence else ""
    return f"listening to {status.source}: {state}{sureness}"


def _rounded(probabilities: Mapping[str, float]) -> dict[str, float]:
    return {emotion: round(value, 3) for emotion, value in probabilities.items()}


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
