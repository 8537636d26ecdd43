"""What the page is made of; every piece can be another one in a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final, Protocol

from flask import current_app

from edge.analysis import ClipAnalyzer
from edge.contract.bundle import ModelBundle
from edge.dashboard.asking import Asking
from edge.dashboard.database import Database
from edge.dashboard.live import Live
from edge.dashboard.passwords import Cost
from edge.dashboard.people import People
from edge.dashboard.ratelimit import Brake
from edge.dashboard.sessions import Sessions
from edge.dashboard.tokens import Tokens
from edge.record.moments import Clock
from edge.record.query import LogReader
from edge.service.commands import Ears
from edge.service.status import Status
from edge.store.entries import Installed

EXTENSION: Final = "ser"
"""Under this name an application has its pieces."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelShelf:
    """The installed models."""

    installed: tuple[Installed, ...]
    """Newest first."""
    current_id: str | None
    """None for the model that comes with the program; likewise the next."""
    previous_id: str | None


class Models(Protocol):
    """The models of this device."""

    def analyzer(self) -> ClipAnalyzer:
        """Return what analyses a recording with the current model."""

    def current(self) -> ModelBundle:
        """Return the current model."""

    def bundled(self) -> ModelBundle:
        """Return the model that comes with the program."""

    def shelf(self) -> ModelShelf:
        """Return which models there are."""

    def roll_back(self) -> str:
        """Go back to the previous model, and say so in a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What the page finds on a machine."""

    state: Path
    """The folder of `edge.dashboard.database`."""
    log: Path
    ears: Ears
    models: Models
    clock: Clock
    zone: tzinfo
    """In which days begin and end."""
    room: str
    session_s: float = 86_400.0
    """Time after which somebody who did nothing must log in again."""
    password_cost: Cost = field(default_factory=Cost)
    monotonic_s: Callable[[], float] = time.monotonic


class Pieces:
    """See the module's text.

    Parameters
    ----------
    around : Surroundings
    live : Live, optional
        With other limits than the usual.
    """

    def __init__(self, around: Surroundings, *, live: Live | None = None) -> None:
        self.around = around
        self.database = Database(around.state / "dashboard.db")
        self.people = People(self.database, now_s=self._now_s, cost=around.password_cost)
        self.sessions = Sessions(self.database, idle_s=around.session_s, now_s=self._now_s)
        self.tokens = Tokens(self.database, now_s=self._now_s)
        self.brake = Brake(monotonic_s=around.monotonic_s)
        self.live = live or Live(around.ears)
        self.ears = Asking(around.ears, self.live)
        self.models = around.models
        self.secret = self.database.secret("csrf")

    @property
    def room(self) -> str:
        """Name of the room."""
        return self.around.room

    @property
    def zone(self) -> tzinfo:
        """The zone in which days begin and end."""
        return self.around.zone

    def now(self) -> datetime:
        """Return the present, in the room's zone."""
        return self.around.clock.now().astimezone(self.zone)

    def status(self) -> Status | None:
        """Return what the ears say now; None while nobody listens."""
        return self.live.status()

    def log(self) -> LogReader:
        """Open the log for reading; a context manager.

        Raises
        ------
        SerError
            If there is none yet, or it cannot be read.
        """
        return LogReader(self.around.log)

    def analyzer(self) -> ClipAnalyzer:
        """Return what analyses a recording with the current model."""
        return self.models.analyzer()

    def _now_s(self) -> float:
        return self.around.clock.now().timestamp()


def pieces() -> Pieces:
    """Return the pieces of the application that answers."""
    found: Pieces = current_app.extensions[EXTENSION]
    return found
