"""Wiring the caregiver's side of a run: alarms, commands, mute, and what calls for help itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from edge.app.sources import MICROPHONE, RunSettings, is_live, open_source
from edge.app.workshop import ModelWorkshop
from edge.config.load import log_file
from edge.config.places import Places
from edge.config.settings import Config
from edge.decide.alarms import DeskState
from edge.decide.outcomes import CauseNow
from edge.errors import OutputError, RecordError, RefusedError, SerError
from edge.record.log import EventLog
from edge.record.moments import SystemClock, boot_id, moment
from edge.record.retention import Retention
from edge.service.ailments import Ailments
from edge.service.alarms import AlarmKeeper
from edge.service.control import Asked, ControlSocket
from edge.service.ears import Ears
from edge.service.gauges import Gauges
from edge.service.happenings import Happening
from edge.service.muting import MutedSource, MuteMark, MuteSwitch
from edge.service.orders import Done, Orders
from edge.service.protocol import socket_file
from edge.service.runner import Runner, Source, Tell
from edge.service.troubles import Troubles

_LOG: Final = logging.getLogger(__name__)

_MARK_LOOK_S: Final = 1.0


class Care:
    """What goes on around the ears for the people; `turn` is called between two blocks.

    Parameters
    ----------
    settings : RunSettings
    workshop : ModelWorkshop
        Which knows the configuration that holds.
    ears : Ears
    troubles : Troubles
    is_service : bool
        Whether this process is the one that is asked, and that tells the channels.
    """

    def __init__(
        self,
        settings: RunSettings,
        workshop: ModelWorkshop,
        ears: Ears,
        *,
        troubles: Troubles,
        is_service: bool,
    ) -> None:
        self._settings = settings
        self._workshop = workshop
        self._ears = ears
        self._troubles = troubles
        self._is_service = is_service
        self._clock = SystemClock()
        self.log = self._new_log()
        self.keeper = AlarmKeeper(self._config, clock=self._clock, restored=self._restored())
        self.keeper.delivers = is_service
        self.orders = Orders(self.keeper, self, asked=self._asked)
        self.control: ControlSocket | None = None
        self._switch = self._new_switch()
        self._gauges: Gauges | None = None
        self._ailments: Ailments | None = None
        self._runner: Runner | None = None
        self._request_reload: Callable[[], None] = lambda: None
        self._mark_due_s = 0.0
        self.log_failure: Callable[[], str | None] = lambda: None
        """Returns why the log failed last."""

    def first_source(self) -> Source:
        """Return what a run begins with; a microphone that is muted is never opened."""
        self._ears.is_paused = self.is_muted
        try:
            return MutedSource() if self.is_muted else self._open()
        except SerError:
            self.log.close()
            raise

    def look_after(self, runner: Runner, *, request_reload: Callable[[], None]) -> None:
        """Begin to answer and to measure; to be called once, before the first turn."""
        self._runner, self._request_reload = runner, request_reload
        if not self._is_service:
            return
        self.control = self._new_control()
        if is_live(self._settings):
            self._gauges = Gauges(self.log_path)
            self._ailments = Ailments(
                self._troubles,
                self._gauges,
                clock=self._clock,
                unwritten=lambda: self.unwritten,
            )

    def turn(self, tell: Tell) -> None:
        """Do what people want, then look who must be called."""
        has_obeyed = self.orders.turn(tell)
        if not self._is_service and self._switch and time.monotonic() >= self._mark_due_s:
            self._mark_due_s = time.monotonic() + _MARK_LOOK_S
            tell(self._switch.follow_mark())
        if self.keeper.is_due(n_windows=self._ears.vitals.n_windows) or has_obeyed:
            tell(self.keeper.turn(self._causes()))

    def go_by(self, former: Config, config: Config) -> None:
        """Let other settings hold."""
        self.keeper.go_by(config)
        is_open = self._settings.source == MICROPHONE and not self.is_muted
        if config.audio != former.audio and is_open and self._runner:
            self._runner.replace_source(self._open())
        if config.log != former.log:
            self.log = self._new_log()

    def close(self) -> None:
        """Answer nobody any more."""
        if self._gauges:
            self._gauges.close()
        if self.control:
            self.control.close()

    def log_path(self) -> Path:
        """Return where the log lies."""
        return self._settings.log or log_file(self._config, Places.here())

    @property
    def keeps_alarms(self) -> bool:
        """Whether alarms are for the log: not for that of the service, beside which this runs."""
        return self._is_service or self._settings.log is not None

    # What the orders ask for.

    @property
    def is_muted(self) -> bool:
        """Whether the microphone is closed because somebody wants it so."""
        return self._switch is not None and self._switch.is_muted

    @property
    def snooze_s(self) -> float:
        """How long a snooze is if nobody says."""
        return self._config.room.snooze_s

    @property
    def unwritten(self) -> str | None:
        """Why the log could not be written just now; None if it was."""
        if not self.log.n_waiting:
            return None
        return self.log_failure() or f"the log {self.log_path()} cannot be written"

    def mute(self, *, who: str) -> Done:
        """Close the microphone."""
        return self._muting.mute(who=who)

    def unmute(self, *, who: str) -> Done:
        """Open it again."""
        return self._muting.unmute(who=who)

    def reload(self) -> None:
        """Read settings and model anew soon."""
        self._request_reload()

    @property
    def _muting(self) -> MuteSwitch:
        if self._switch is None:
            raise RefusedError("a recording is played here; there is no microphone to mute")
        return self._switch

    @property
    def _config(self) -> Config:
        return self._workshop.config

    def _causes(self) -> dict[str, CauseNow]:
        causes = {} if self.is_muted else dict(self._ears.pipeline.holding)
        if self._ailments and self._runner:
            causes |= self._ailments.causes(
                self._config.trouble,
                health=self._runner.health,
                fault=self._runner.source.fault,
            )
        return causes

    def _asked(self) -> Sequence[Asked]:
        return self.control.take() if self.control else ()

    def _open(self) -> Source:
        return open_source(self._config.audio, self._settings)

    def _shut(self) -> Sequence[Happening]:
        if self._runner:
            self._runner.replace_source(MutedSource())
        return self._ears.pause()

    def _listen(self) -> None:
        if self._runner:
            self._runner.replace_source(self._open())
        self._ears.resume()

    def _new_switch(self) -> MuteSwitch | None:
        if self._settings.source != MICROPHONE:
            return None
        mark = MuteMark(Places.here().state_directory())
        return MuteSwitch(
            mark,
            clock=self._clock,
            shut=self._shut,
            listen=self._listen,
            is_muted=mark.is_set,
        )

    def _new_control(self) -> ControlSocket | None:
        try:
            return ControlSocket(socket_file(Places.here()))
        except OutputError as error:
            self._troubles.report("control", f"nobody can give commands: {error}")
            return None

    def _new_log(self) -> EventLog:
        log = self._config.log
        retention = Retention(days=log.retention_days, max_mb=log.max_mb)
        return EventLog(self.log_path(), clock=self._clock, retention=retention)

    def _restored(self) -> DeskState | None:
        if not self._is_service:
            return None
        try:
            return self.log.desk_state(moment(self._clock, at_s=0.0), boot_id=boot_id())
        except RecordError as error:
            _LOG.warning("which alarms are open is not known: %s", error)
            return None
