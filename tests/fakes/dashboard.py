"""A house with a dashboard: a log with known content, ears that obey, three people, one token each.

    with a_house(folder) as house:                # the application and all that it talks to
        client = house.log_in("anna")             # a test client of Flask's
        with house.served() as url: ...           # the same by HTTP, for a browser

It is Thursday, 26 November 2026, 15:00 in Berlin. An alarm from 14:50 is open.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient

from edge.analysis import ClipAnalyzer
from edge.app import models
from edge.config.places import Places
from edge.config.settings import Config
from edge.contract.bundle import ModelBundle
from edge.dashboard.app import DashboardApp, create_app
from edge.dashboard.live import Live
from edge.dashboard.passwords import Cost
from edge.dashboard.pieces import ModelShelf, Pieces, Surroundings
from edge.dashboard.server import Address, running
from edge.record.care import Action, Feedback
from edge.record.log import EventLog
from edge.record.outbox import Outbox
from edge.service.commands import Ears
from edge.service.status import Status
from edge.store.entries import Installed
from tests.edge.record.samples import (
    SESSION,
    StoppedClock,
    change,
    event,
    message,
    minute,
    open_log,
)
from tests.fakes.ears import FakeEars, alarm
from tests.fakes.service import status as any_status

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 26, 15, 0, tzinfo=ZONE)
MORNING = datetime(2026, 11, 26, 8, 0, tzinfo=ZONE)
ROOM = "Anna's room"

PASSWORD = "correct horse battery"
PEOPLE = {"lena": "look", "anna": "acknowledge", "otto": "administer"}
CHEAP = Cost(n=2**4)

OPEN_ALARM = "a-open"
ANSWERED_ALARM = "a-answered"

# Minutes after 8 o'clock, and what was heard from then on.
STATES = (
    (0, "no_speech"),
    (10, "calm"),
    (25, "neutral"),
    (40, "no_speech"),
    (65, "sad"),
    (72, "fearful"),
    (80, "no_speech"),
    (200, "happy"),
    (230, "calm"),
    (240, "no_speech"),
    (405, "angry"),
    (412, "uncertain"),
)

TOKEN = re.compile(r'name="csrf_token" value="(\w+)"')


def open_alarm() -> Any:
    """The alarm that is open, as the ears tell it."""
    return alarm(OPEN_ALARM, raised="2026-11-26T14:50:00.000+01:00")


def heard(**changes: Any) -> Status:
    """What the ears say at first."""
    values = {
        "room": ROOM,
        "state": "angry",
        "state_since": "2026-11-26T14:45:00.000+01:00",
        "confidence": 0.72,
        "probabilities": {"angry": 0.72, "sad": 0.28},
        "alarms": (open_alarm(),),
        "alarm": "distress",
    }
    return any_status(**(values | changes))


def write_log(path: Path, *, now: datetime = NOW) -> None:
    """Write what happened since 8 o'clock of a day whose 15:00 it is."""
    clock = StoppedClock(wall=now - timedelta(hours=7))
    log = open_log(path, clock)
    log.begin_session(SESSION, clock.at(0.0))
    for minutes, state in STATES:
        log.record(event(state, at_s=60.0 * minutes), clock.at(60.0 * minutes))
    _write_care(log, clock)
    for minutes in (1, 418, 419):
        log.record_minute(minute(), clock.at(60.0 * minutes))
    log.close()
    outbox = Outbox(path)
    for waiting in outbox.due("family"):
        outbox.attempted(waiting.id)
        outbox.fail(waiting.id, "ntfy answered 503")
    outbox.close()


def _write_care(log: EventLog, clock: StoppedClock) -> None:
    raised = change("raised", alarm=ANSWERED_ALARM, reason="fearful for 9 s of the last 20 s")
    log.record_changes([raised], clock.at(60.0 * 73))
    log.record_changes(
        [
            change(
                "acknowledged",
                alarm=ANSWERED_ALARM,
                reason="acknowledged",
                who="page: anna",
                note="she had a bad dream",
            )
        ],
        clock.at(60.0 * 75),
    )
    log.record_action(
        Action(action="snoozed", who="button", until=clock.at(60.0 * 90).wall), clock.at(60.0 * 76)
    )
    log.record_feedback(
        Feedback(
            verdict="wrong",
            heard_at=clock.at(60.0 * 72).wall,
            who="page: anna",
            truth="happy",
            alarm=ANSWERED_ALARM,
            note="the radio",
        ),
        clock.at(60.0 * 77),
    )
    open_now = change("raised", alarm=OPEN_ALARM)
    log.record_changes(
        [open_now], clock.at(60.0 * 410), messages=[message(open_now, channel="family")]
    )


class FakeModels:
    """The bundled model, and a store that remembers what it was told."""

    def __init__(self) -> None:
        self.rolled_back: list[str] = []
        self.shelf_now = shelf()

    def analyzer(self) -> ClipAnalyzer:
        return models.open_analyzer(Config(), model=models.bundled_model())

    def current(self) -> ModelBundle:
        return ModelBundle.load(models.bundled_model())

    def bundled(self) -> ModelBundle:
        return self.current()

    def shelf(self) -> ModelShelf:
        return self.shelf_now

    def roll_back(self) -> str:
        self.rolled_back.append("room-0.9")
        return "room-0.9 is current; the service takes it up within seconds"


def shelf() -> ModelShelf:
    """One installed model that runs, and one before it."""
    return ModelShelf(
        installed=(_installed("room-1.1"), _installed("room-0.9")),
        current_id="room-1.1",
        previous_id="room-0.9",
    )


def _installed(model_id: str) -> Installed:
    name, _, version = model_id.partition("-")
    return Installed(
        id=model_id,
        name=name,
        version=version,
        created_utc="2026-11-20T08:00:00Z",
        sha256="ab" * 32,
        signer="ann@desk",
        received_utc="2026-11-21T08:00:00Z",
        path=Path(f"{model_id}.tflite"),
    )


class House:
    """See the module's text."""

    def __init__(self, folder: Path, ears: FakeEars, **limits: Any) -> None:
        self.folder = folder
        self.ears = ears
        self.clock = StoppedClock(wall=NOW)
        self.models = FakeModels()
        self.monotonic_s = 1000.0
        around = Surroundings(
            state=folder,
            log=folder / "log.db",
            ears=Ears(places_of(folder), answer_s=5.0),
            models=self.models,
            clock=self.clock,
            zone=ZONE,
            room=ROOM,
            password_cost=CHEAP,
            monotonic_s=lambda: self.monotonic_s,
        )
        live = Live(around.ears, **limits)
        self.pieces = Pieces(around, live=live)
        self.app: DashboardApp = create_app(around, pieces=self.pieces)
        self.tokens: dict[str, str] = {}
        for name, role in PEOPLE.items():
            self.pieces.people.add(name, role=role, password=PASSWORD)
            self.tokens[role] = self.pieces.tokens.add(f"{name}'s script", role=role)

    def client(self) -> FlaskClient:
        """Somebody who has not logged in."""
        return self.app.test_client()

    def log_in(self, name: str) -> FlaskClient:
        """Return the client of somebody who has logged in by the form."""
        client = self.client()
        form = {"name": name, "password": PASSWORD, "csrf_token": csrf_of(client, "/login")}
        assert client.post("/login", data=form).status_code == 303
        return client

    def program(self, role: str) -> dict[str, str]:
        """Return the headers of a program with a token."""
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    def rest(self) -> None:
        """Put back what tests change: the ears' status, their commands, the brake."""
        self.ears.refusal = None
        self.ears.is_stuck = False
        self.ears.commands.clear()
        self.show(**{name: getattr(heard(), name) for name in _CHANGING})
        self.monotonic_s += 1e6

    def show(self, **changes: Any) -> None:
        """Let the ears say something else, and wait until the page knows it."""
        self.ears.show(**changes)
        deadline_s = time.monotonic() + 20.0
        while time.monotonic() < deadline_s:
            status = self.pieces.live.status()
            if status and all(getattr(status, name) == changes[name] for name in changes):
                return
            time.sleep(0.005)
        raise AssertionError(f"the page never knew of {changes}")

    @contextmanager
    def served(self) -> Iterator[str]:
        """Let it be answered by the real server; yields its address."""
        with running(self.app, Address(host="127.0.0.1", port=0)) as server:
            yield server.url


_CHANGING = (
    "health",
    "fault",
    "state",
    "state_since",
    "confidence",
    "probabilities",
    "speaking",
    "level_dbfs",
    "alarm",
    "alarms",
    "snoozed_until",
    "trouble",
)


@contextmanager
def a_house(folder: Path, **limits: Any) -> Iterator[House]:
    """Build a house in a folder; `limits` are those of `edge.dashboard.live.Live`."""
    write_log(folder / "log.db")
    with FakeEars(folder / "run" / "control.sock", heard()) as ears:
        house = House(folder, ears, **limits)
        try:
            yield house
        finally:
            house.pieces.live.close()


def places_of(folder: Path) -> Places:
    """Return the places of a program that lives in a folder."""
    environ = {"STATE_DIRECTORY": str(folder), "RUNTIME_DIRECTORY": str(folder / "run")}
    return Places(environ=environ, is_system=False, root=folder, home=folder)


def csrf_of(client: FlaskClient, page: str) -> str:
    """Return the word that a page's forms bear."""
    found = TOKEN.search(client.get(page).text)
    assert found, f"{page} has no form"
    return found[1]
