"""Wiring the main job: source, ears, log, panel, reports, and the loop around them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from edge.app.adaptation import state_file
from edge.app.care import Care
from edge.app.panels import open_room_panel
from edge.app.relating import Relating
from edge.app.sessions import relative_session
from edge.app.sources import RunSettings, is_live
from edge.app.workshop import ModelWorkshop
from edge.config.load import load_config
from edge.config.places import Places
from edge.config.settings import Config
from edge.devices.panel import GpioPanel, NullPanel
from edge.devices.watch import NOT_OPEN
from edge.record.backlog import Session
from edge.record.moments import SystemClock
from edge.service.alarms import room_name
from edge.service.display import PanelListener
from edge.service.ears import Ears
from edge.service.listeners import Guarded, Listener
from edge.service.logbook import Logbook
from edge.service.renewal import Renewal
from edge.service.reporter import Reporter
from edge.service.role import Role
from edge.service.runner import Runner, Tell
from edge.service.status import AlarmStatus, ModelStatus, status_file
from edge.service.systemd import Notifier
from edge.service.troubles import Troubles

_LOG: Final = logging.getLogger(__name__)

_LAST_CHORES_S: Final = 5.0
_LEAST_BUZZER_S: Final = 60.0


class Listening:
    """One run, wired and ready: create it, say its `facts`, then `run` it.

    Parameters
    ----------
    settings : RunSettings
    views : sequence of Listener
        Further listeners, such as the live line of a terminal.

    Raises
    ------
    SerError
        In its many kinds, if settings, model or source cannot be used.
    """

    def __init__(self, settings: RunSettings, *, views: Sequence[Listener]) -> None:
        config = load_config(file=settings.config).config
        self._role = Role(Places.here().runtime_directory())
        is_service = self._role.is_ours
        self._workshop = ModelWorkshop(
            settings, config, is_service=is_service, on_config=self._apply
        )
        self._troubles = Troubles()
        first = self._workshop.first()
        self._troubles.report("model", *first.troubles)
        self._ears = Ears(first.make())
        self._session = self._workshop.session()
        self._care = Care(
            settings, self._workshop, self._ears, troubles=self._troubles, is_service=is_service
        )
        source = self._care.first_source()
        self._panel = self._new_panel(config)
        self._lights = Guarded(lambda: PanelListener(self._panel), name="panel")
        self._log = Guarded(self._logbook, name="log")
        self._reporter = self._new_reporter()
        self._renewal = Renewal(
            self._ears,
            self._workshop,
            running=first,
            troubles=self._troubles,
            audience=self,
        )
        self._runner = Runner(
            source,
            self._ears,
            [self._lights, self._log, self._reporter, *views],
            attend=self._attend,
            sounding=lambda: self._care.keeper.sounding,
        )
        self._care.look_after(self._runner, request_reload=self.reload)
        self._reporter.control = self._care.control
        self._care.log_failure = self._log.failure
        self._troubles.watch(self._lights.failure)
        self._troubles.watch(self._log.failure)
        self._relating = Relating(
            state_file(Places.here()),
            on_trouble=partial(self._troubles.report, "adaptation"),
            is_gatherer=is_service and is_live(settings),
        )
        self._is_relative = False
        self._relate()
        self.facts = self._facts()

    @property
    def has_panel(self) -> bool:
        """Whether there are real LEDs."""
        return isinstance(self._panel, GpioPanel)

    def run(self) -> None:
        """Listen until the source ends or `stop` is called."""
        try:
            self._runner.run()
        finally:
            self._care.close()
        self._relating.save()
        # Only here: a model on trial in a process that breaks down is to be taken back.
        self._renewal.finish(limit_s=_LAST_CHORES_S)
        self._workshop.end()
        self._role.leave()

    def stop(self) -> None:
        """End the run soon; for signal handlers."""
        self._runner.stop()

    def reload(self) -> None:
        """Read settings and model anew soon; for signal handlers."""
        self._renewal.request()

    # What the reporter asks for.

    @property
    def source_name(self) -> str:
        """What is listened to."""
        return self._runner.source.name

    @property
    def model(self) -> ModelStatus:
        """The model that listens."""
        return self._renewal.running.model

    @property
    def on_trial(self) -> bool:
        """Whether it has yet to prove itself."""
        return self._renewal.on_trial

    @property
    def deaf_restart_s(self) -> float:
        """Time without sound after which systemd shall start the program afresh."""
        return self._workshop.config.service.deaf_restart_s

    @property
    def room(self) -> str:
        """Name of the room."""
        return room_name(self._workshop.config)

    @property
    def alarms(self) -> tuple[AlarmStatus, ...]:
        """Alarms that nobody has answered yet."""
        return self._care.keeper.open

    @property
    def snoozed_until(self) -> str | None:
        """Until when no alarm is raised."""
        return self._care.keeper.snoozed_until

    @property
    def newest_message(self) -> int:
        """Greatest id in the outbox."""
        return self._care.log.newest_message

    # What the logbook asks for.

    @property
    def session(self) -> Session:
        """The model and the thresholds; another object once another model listens."""
        return self._session

    @property
    def n_seen(self) -> int:
        """Position in samples, at `sample_rate_hz`."""
        return self._ears.pipeline.scorer.n_seen

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the model that listens."""
        return self._ears.pipeline.scorer.sample_rate_hz

    # What the renewal tells.

    def reloading(self) -> None:
        """Settings begin to be read anew."""
        self._reporter.reloading()

    def reloaded(self) -> None:
        """They have been taken, or were refused."""
        self._reporter.ready()

    def changed(self) -> None:
        """Another pipeline listens, or decisions have another ground."""
        session = self._workshop.session()
        self._session = relative_session(session) if self._is_relative else session

    def _attend(self, tell: Tell) -> None:
        # Each on its own: a fault around the ears must neither deafen them nor silence an alarm.
        self._carefully(lambda: tell(self._renewal.attend()))
        self._carefully(lambda: self._care.turn(tell))
        self._carefully(self._reporter.turn)
        self._carefully(self._relate)

    def _relate(self) -> None:
        model = self._workshop.classifier.bundle.manifest.sha256
        enabled = self._workshop.config.adaptation.enabled
        self._relating.turn(self._ears.pipeline, model=model, enabled=enabled)
        if self._relating.moves != self._is_relative:
            self._is_relative = self._relating.moves
            self.changed()

    def _carefully(self, deed: Callable[[], None]) -> None:
        try:
            deed()
        except Exception as error:  # noqa: BLE001 - whatever it is, listening goes on
            _LOG.debug("around the ears", exc_info=True)
            sentence = f"internal error around the ears: {type(error).__name__}: {error}"
            self._troubles.report("service", sentence)

    def _apply(self, former: Config, config: Config) -> None:
        """Let settings hold that are not the pipeline's own; what has not changed stays open."""
        self._care.go_by(former, config)
        if (config.panel, _longest_alarm_s(config)) != (former.panel, _longest_alarm_s(former)):
            self._lights.close()
            self._panel = self._new_panel(config)
            self._lights.renew()
        if config.log != former.log:
            self._log.renew()

    def _new_panel(self, config: Config) -> GpioPanel | NullPanel:
        return open_room_panel(
            config.panel,
            on_press=self._care.orders.press,
            buzzer_limit_s=_longest_alarm_s(config),
        )

    def _new_reporter(self) -> Reporter:
        return Reporter(
            Notifier.here(),
            status_file(Places.here()) if self._role.is_ours else None,
            ears=self._ears,
            subject=self,
            troubles=self._troubles,
        )

    def _logbook(self) -> Logbook:
        return Logbook(
            self._care.log,
            self,
            clock=SystemClock(),
            counts_minutes=self._workshop.config.log.minute_summary,
            keeps_alarms=self._care.keeps_alarms,
        )

    def _facts(self) -> tuple[str, ...]:
        model, runtime = self.model, self._workshop.classifier.runtime
        trial = ", on trial" if self.on_trial else ""
        lamps = "" if self.has_panel else ", no GPIO: the LEDs are drawn here"
        muted = "; `ser-edge unmute` opens it" if self._care.is_muted else ""
        return (
            f"listening to {self.source_name.removesuffix(NOT_OPEN)}{muted}",
            f"model {model.name} {model.version}, {runtime}{trial}",
            f"log {self._care.log_path()}{lamps}",
        )


def _longest_alarm_s(config: Config) -> float:
    """Return how long a buzzer may sound at most."""
    return max((_LEAST_BUZZER_S, *(rule.sound_s for rule in config.alert)))
