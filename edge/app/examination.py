"""Which checks `ser-edge doctor` makes of this machine, with which settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from edge.app.models import bundled_model
from edge.app.panels import panel_pins
from edge.config.load import load_config, log_file
from edge.config.places import NAME, Places
from edge.config.settings import Config
from edge.devices.alsa import AlsaTree
from edge.devices.gpiolines import chips
from edge.errors import ConfigError, SerError, SignatureError
from edge.service.checks import libraries, models, pins, sound, storage, system, unit
from edge.service.checks.finding import Check, Finding, well
from edge.service.checks.people import listeners, service_user, this_user
from edge.service.muting import MuteMark
from edge.service.status import Status, find_status
from edge.store.catalog import ModelStore
from edge.store.entries import Installed
from edge.store.signature import signer_of

_SIGNERS: Final = "allowed_signers"
_PUSHERS: Final = "authorized_keys"
_MODEL_LIMIT_S: Final = 60.0
"""A Pi Zero computes the golden cases in seconds; a card that fails is slow to read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Examination:
    """What is examined: the service's installation where there is one, else the user's own."""

    config: Config
    places: Places
    first: Finding
    """About the configuration itself."""
    file: Path | None
    """The configuration; None where every setting is at its default."""

    @classmethod
    def of(cls, file: Path | None) -> Examination:
        """Read the configuration; a wrong one is a finding, and the defaults are examined."""
        mine = Places.here()
        file = None if file is None else file.absolute()  # the pins' library changes the folder
        places = mine if service_user() is None else replace(mine, is_system=True)
        try:
            loaded = load_config(file=file, places=mine)
        except ConfigError as error:
            remedy = _correcting(error, mine.config_file(file))
            first = Finding(name="config", verdict="problem", found=str(error), remedy=remedy)
            return cls(config=Config(), places=places, first=first, file=mine.config_file(file))
        found = str(loaded.file) if loaded.file else "no file: every setting at its default"
        first = well("config", found)
        return cls(config=loaded.config, places=places, first=first, file=loaded.file)

    def findings(self) -> Iterator[Finding]:
        """Yield what each check finds, as soon as it is known."""
        yield self.first
        for check in (*self._machine(), *self._programs()):
            yield check.finding()
        yield from self._microphone()
        for check in (*self._panel(), *self._service()):
            yield check.finding()

    def _machine(self) -> list[Check]:
        folders = (self.log, self.places.root / "etc")
        return [
            Check(name="system", look=system.system),
            Check(name="python", look=system.python),
            Check(name="machine", look=system.machine),
            Check(name="power", look=system.power),
            Check(name="clock", look=system.clock),
            Check(name="disk", look=lambda: storage.disk(folders)),
            Check(name="card", look=storage.card),
        ]

    def _programs(self) -> list[Check]:
        wanted = self.config.model.runtime
        return [
            Check(name="runtime", look=lambda: libraries.runtime(wanted)),
            Check(name="model", look=self._model, limit_s=_MODEL_LIMIT_S),
            Check(name="store", look=self._store),
            Check(name="signers", look=self._signers),
            Check(name="portaudio", look=libraries.portaudio),
        ]

    def _microphone(self) -> Iterator[Finding]:
        alsa, device = AlsaTree(), self.config.audio.device
        yield Check(name="sound", look=lambda: sound.permission(listeners(), alsa)).finding()
        if MuteMark(self.places.state_directory()).is_set:
            # Not even the doctor opens it against somebody's will.
            yield well("microphone", "it is muted, and was not opened; `ser-edge unmute` opens it")
            return
        status = self._status()
        if status is not None and status.health == "listening":
            yield well("microphone", f"the service listens to {status.source}")
            yield Check(name="level", look=self._level_of_service).finding()
            return
        looks: tuple[tuple[str, Callable[[], Finding]], ...] = (
            ("microphone", lambda: sound.microphone(device, alsa)),
            ("format", lambda: sound.sound_format(device, alsa)),
            ("level", lambda: sound.level(device, duration_s=sound.LISTEN_S)),
        )
        for name, look in looks:
            finding = Check(name=name, look=look).finding()
            yield finding
            if finding.verdict == "problem":
                return  # the next one would say the same in other words

    def _panel(self) -> list[Check]:
        panel, status = self.config.panel, self._status()
        wired, process = panel_pins(panel), status.pid if status else 0
        return [
            Check(name="gpio", look=lambda: pins.gpio(panel.kind, listeners())),
            Check(name="pins", look=lambda: pins.pins(wired, chips(), service=process)),
        ]

    def _service(self) -> list[Check]:
        writer = service_user() if self.places.is_system else None
        max_mb = self.config.log.max_mb
        return [
            Check(
                name="log",
                look=lambda: storage.log_file(self.log, writer or this_user(), max_mb=max_mb),
            ),
            Check(name="service", look=lambda: unit.service(status=find_status(self.places))),
        ]

    @property
    def log(self) -> Path:
        """The log of the service, or the user's own."""
        return log_file(self.config, self.places)

    @property
    def store(self) -> ModelStore:
        """The models that were pushed here."""
        return ModelStore(self.places.state_directory() / "models", keep=self.config.store.keep)

    @property
    def _signers_file(self) -> Path:
        beside = self.file.parent if self.file else self.places.root / "etc" / NAME
        return Path(self.config.store.signers or beside / _SIGNERS)

    def _model(self) -> Finding:
        named = self.config.model.path
        path = Path(named) if named else bundled_model()
        if not named:
            with suppress(SerError):  # `store` says what is wrong with it
                current = self.store.current()
                path = current.path if current else path
        return models.model(path, runtime=self.config.model.runtime)

    def _store(self) -> Finding:
        return models.store(self.store, pinned=self.config.model.path, verify=self._verify)

    def _verify(self, installed: Installed) -> None:
        if installed.signature_path.exists():
            signature = installed.signature_path.read_bytes()
            signer_of(installed.path, signature, signers=self._signers_file)
        elif not self.config.store.allow_unsigned:
            raise SignatureError(f"{installed.id} is not signed, and store.allow_unsigned is false")

    def _signers(self) -> Finding:
        return models.signers(
            self._signers_file,
            allow_unsigned=self.config.store.allow_unsigned,
            pushers=self._signers_file.with_name(_PUSHERS),
        )

    def _status(self) -> Status | None:
        """Return what the running program says of itself, if one runs."""
        status = find_status(self.places)
        return status if status is not None and status.alive else None

    def _level_of_service(self) -> Finding:
        return sound.level_of_service(self._level, duration_s=sound.LISTEN_S)

    def _level(self) -> float | None:
        status = self._status()
        return None if status is None else status.level_dbfs


def _correcting(error: ConfigError, file: Path | None) -> str:
    place = re.search(r"^\s*(/\S+):(\d+):", str(error), re.MULTILINE)
    if place:
        return f"`sudo nano +{place[2]} {place[1]}`, until `ser-edge check-config` is content"
    named = file or "the variables of the environment"
    return f"correct {named}, until `ser-edge check-config` is content"
