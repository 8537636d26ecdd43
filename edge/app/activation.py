"""A switch to another model, and the service's verdict on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from edge.config.load import Loaded
from edge.errors import ConfigError
from edge.service.status import Status
from edge.service.trial import MOST_WINDOWS
from edge.store.catalog import ModelStore
from edge.store.entries import Trial
from edge.store.starting import BUNDLED

_POLL_S: Final = 0.2
_TELL_EVERY_S: Final = 2.0
_TAKE_UP_S: Final = 30.0
"""A service sees the switch within a second or two, whatever it is doing."""
_RESTART_S: Final = 90.0
"""A service that hangs is ended by its watchdog and started anew within that."""
_MARGIN_S: Final = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of a switch."""

    outcome: Literal["changed", "rolled back", "failed"]
    why: str


class Activation:
    """See the module's text.

    Parameters
    ----------
    store : ModelStore
    status : callable
        Returns what the running service says of itself; None where none is alive.
    tell : callable
        Called with ``"switched"`` after the switch, and then now and then with ``"trial"`` and a
        sentence.
    health_window_s : float
        Sound that the service wants to hear.
    """

    def __init__(
        self,
        store: ModelStore,
        *,
        status: Callable[[], Status | None],
        tell: Callable[[str, str], None],
        health_window_s: float,
    ) -> None:
        self._store = store
        self._status = status
        self._tell = tell
        self._health_window_s = health_window_s
        self._alive_s = 0.0

    def switch(self, model_id: str | None) -> Verdict:
        """Switch to a model and wait until the service has judged it.

        Raises
        ------
        SerError
            If it cannot be switched to; then nothing has changed.
        """
        trial = self._store.switch(model_id)
        name = model_id or BUNDLED
        self._tell("switched", name)
        if trial is None:
            return Verdict(outcome="changed", why=f"{name} is current again")
        if self._status() is None:
            return Verdict(outcome="changed", why=_later(name, "no service runs here"))
        return self._judged(trial, name)

    def _judged(self, trial: Trial, name: str) -> Verdict:
        began_s = told_s = self._alive_s = time.monotonic()
        while (now := self._store.trial()) and now.begun_utc == trial.begun_utc:
            now_s = time.monotonic()
            if given_up := self._given_up(now, name, waited_s=now_s - began_s):
                return given_up
            if now_s - told_s >= _TELL_EVERY_S:
                told_s = now_s
                self._tell("trial", f"{now_s - began_s:.0f} s, needs {self._health_window_s:g}")
            time.sleep(_POLL_S)
        return self._told(trial, name)

    def _given_up(self, now: Trial, name: str, *, waited_s: float) -> Verdict | None:
        """Return a verdict without the service's where none can be expected."""
        if self._status() is not None:
            self._alive_s = time.monotonic()
        if time.monotonic() - self._alive_s > _RESTART_S:
            return Verdict(outcome="changed", why=_later(name, "the service has stopped"))
        if now.boot_id is None and waited_s > _TAKE_UP_S:
            why = _later(name, "the program that runs is not the service")
            return Verdict(outcome="changed", why=why)
        if waited_s > MOST_WINDOWS * self._health_window_s + _RESTART_S + _MARGIN_S:
            why = f"the service has not judged {name} within {waited_s:.0f} s; see its journal"
            return Verdict(outcome="failed", why=why)
        return None

    def _told(self, trial: Trial, name: str) -> Verdict:
        ended = self._store.outcome_of(trial)
        if ended is None:
            why = f"another model was switched to while {name} was on trial"
            return Verdict(outcome="rolled back", why=why)
        if ended.outcome == "confirmed":
            return Verdict(outcome="changed", why=f"{name} runs: {ended.why}")
        runs = self._store.current_id() or BUNDLED
        why = f"{name} was taken back and {runs} runs again: {ended.why}"
        return Verdict(outcome="rolled back", why=why)


def refuse_pinned(loaded: Loaded) -> None:
    """Raise where the configuration names a model: then what the store says does not matter.

    Raises
    ------
    ConfigError
    """
    if path := loaded.config.model.path:
        origin = loaded.origins.get("model.path", "the settings")
        raise ConfigError(
            f"{origin}: model.path names {path}, so that this device runs no other model; "
            "remove that setting to let models be pushed and activated"
        )


def _later(name: str, reason: str) -> str:
    return f"{name} is current, but {reason}: its trial begins when the service starts"
