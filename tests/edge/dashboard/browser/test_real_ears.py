"""The whole: a recording is played into the program that listens, and a browser shows it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from edge.app.models import bundled_sample
from edge.dashboard.app import create_app
from edge.dashboard.pieces import EXTENSION, Pieces, Surroundings
from edge.dashboard.server import Address, running
from edge.record.histories import alarms_between
from edge.record.moments import SystemClock
from edge.record.query import LogReader
from edge.service.commands import Ears
from tests.edge.dashboard.browser.conftest import LIMIT_MS, PHONE
from tests.fakes.dashboard import CHEAP, PASSWORD, ZONE, FakeModels, places_of

# Quick to decide and quick to call: the test shall not wait for what a caregiver would want.
SETTINGS = """
[decision]
enter_confidence = 0.3
leave_confidence = 0.2
smoothing_s = 0.0
min_dwell_s = 0.0

[[alert]]
name = "activated"
when = ["activated"]
confidence = 0.2
hold_s = 0.5
within_s = 3.0

[panel]
kind = "none"
"""


@contextmanager
def listening(folder: Path) -> Iterator[None]:
    """Play the bundled recording to the real program, as fast as it was spoken."""
    config = folder / "config.toml"
    config.write_text(SETTINGS, encoding="utf-8")
    (folder / "run").mkdir()
    command = [sys.executable, "-m", "edge", "run", "--source", str(bundled_sample())]
    places = {"STATE_DIRECTORY": str(folder), "RUNTIME_DIRECTORY": str(folder / "run")}
    process = subprocess.Popen(
        [*command, "--config", str(config)], env=places, stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def page_of(folder: Path) -> Iterator[str]:
    """Serve the page for whoever listens from that folder."""
    around = Surroundings(
        state=folder,
        log=folder / "log.db",
        ears=Ears(places_of(folder)),
        models=FakeModels(),
        clock=SystemClock(),
        zone=ZONE,
        room="Kitchen",
        password_cost=CHEAP,
    )
    app = create_app(around)
    pieces: Pieces = app.extensions[EXTENSION]
    pieces.people.add("anna", role="acknowledge", password=PASSWORD)
    with running(app, Address(host="127.0.0.1", port=0)) as server:
        yield server.url


def test_what_is_played_is_shown_called_for_and_answered(browser: Any, tmp_path: Path) -> None:
    with page_of(tmp_path) as url, browser.new_context(viewport=PHONE, locale="en") as context:
        context.set_default_timeout(LIMIT_MS)
        page = context.new_page()
        page.goto(url)
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.locator(".word", has_text="Nobody listens").wait_for()
        page.evaluate("window.isTheSame = true")
        with listening(tmp_path):
            page.locator(".hearing.listening").wait_for()
            page.locator(".feeling .shape").wait_for()
            assert page.locator(".word").inner_text().startswith("Sounds ")
            page.get_by_role("heading", name="Somebody sounds lively").wait_for()
            assert page.evaluate("window.isTheSame === true")
            page.get_by_role("link", name="With a note").click()
            page.get_by_label("Note").fill("only the radio")
            page.get_by_role("button", name="Acknowledge").click()
            page.get_by_text("Acknowledged.").wait_for()
            assert not page.locator(".alarm").count()
            page.get_by_role("link", name="Day").click()
            page.get_by_text("anna: “only the radio”").wait_for()
    now = SystemClock().now()
    with LogReader(tmp_path / "log.db") as log:
        [history] = alarms_between(log, now - timedelta(hours=1), now)
    assert [(one.phase, one.who, one.note) for one in history.changes if one.who] == [
        ("acknowledged", "page: anna", "only the radio")
    ]
