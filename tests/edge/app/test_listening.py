"""The main job as it is wired, with a microphone of our own: what a reload touches and what not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.app import sources
from edge.app.listening import Listening
from edge.app.sources import RawFormat, RunSettings
from edge.config.places import Places
from edge.decide.outcomes import Outcome, Signal
from edge.devices.source import make_block
from edge.errors import ConfigError
from edge.record.query import EventRow, LogReader, NoteRow, Row, Selection
from edge.service.status import Status, read_status, status_file
from edge.stream.blocks import AudioBlock
from tests.fakes.sound import sample
from tests.support import need

LIMIT_S = 60.0
CONFIG = "[panel]\npwm = false\n"


class Room:
    """The microphones that were opened; each plays the sample over and over, in real time."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.closed: list[str] = []

    def microphone(self, device: str, **_: object) -> Microphone:
        self.opened.append(device)
        return Microphone(self, device)


class Microphone:
    sample_rate_hz = 16000
    speed = 1.0

    def __init__(self, room: Room, device: str) -> None:
        self.name = device or "default"
        self._room = room
        self._position = 0
        self._began_s = time.monotonic()

    def read(self, *, timeout_s: float) -> AudioBlock | None:
        due_s = self._began_s + (self._position + 320) / 16000 / self.speed
        wait_s = due_s - time.monotonic()
        time.sleep(max(0.0, min(wait_s, timeout_s)))
        if wait_s > timeout_s:
            return None
        start = self._position % (len(sample()) - 320)
        self._position += 320
        return make_block(sample()[start : start + 320].copy(), sample_rate_hz=16000)

    def close(self) -> None:
        self._room.closed.append(self.name)


class View:
    """A listener that remembers the signals."""

    def __init__(self) -> None:
        self.signals: list[Signal] = []

    def take(self, outcome: Outcome, *, state: str) -> None:
        pass

    def show(self, signal: Signal) -> None:
        self.signals.append(signal)

    def close(self) -> None:
        pass


class Run:
    """`Listening` in a thread."""

    def __init__(self, config: Path, **changes: object) -> None:
        self.config = config
        self.view = View()
        settings = {
            "source": "mic",
            "pace": "real-time",
            "config": config,
            "model": None,
            "log": None,
            "raw": RawFormat(sample_rate_hz=16000, n_channels=1, sample_format="s16"),
        }
        self.listening = Listening(RunSettings(**(settings | changes)), views=[self.view])
        self.thread = threading.Thread(target=self.listening.run, daemon=True)
        self.thread.start()

    def reload(self, text: str) -> None:
        self.config.write_text(text)
        before = len(self.view.signals)
        self.listening.reload()
        renewal = self.listening._renewal
        wait_for(lambda: not renewal._wanted.is_set() and renewal._chores.is_idle)
        wait_for(lambda: len(self.view.signals) > before + 5)

    def status(self, wanted: Callable[[Status], object]) -> Status:
        path = status_file(Places.here())
        found: list[Status] = []

        def look() -> bool:
            status = read_status(path)
            found.extend([status] if status and wanted(status) else [])
            return bool(found)

        wait_for(look)
        return found[-1]

    def stop(self) -> None:
        self.listening.stop()
        self.thread.join(LIMIT_S)
        assert not self.thread.is_alive()


def wait_for(wanted: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not wanted():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    made = Room()
    monkeypatch.setattr(sources, "PyAudioMicrophone", made.microphone)
    return made


@pytest.fixture
def run(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    made = Run(config)
    yield made
    made.stop()


def rows(path: Path, kind: type[Row]) -> list:
    with LogReader(path) as reader:
        return list(reader.rows(kind, Selection()))


def test_with_the_same_audio_the_microphone_stays_open(run: Run, room: Room) -> None:
    run.status(lambda s: s.health == "listening")
    run.reload(f"{CONFIG}[decision]\nenter_confidence = 0.2\n[log]\nmax_mb = 9\n")
    assert (room.opened, room.closed) == ([""], [])
    assert {s.health for s in run.view.signals[5:]} == {"listening"}


def test_another_microphone_is_opened_when_the_settings_name_it(run: Run, room: Room) -> None:
    run.status(lambda s: s.health == "listening")
    run.reload(f"{CONFIG}[audio]\ndevice = 'USB'\n")
    status = run.status(lambda s: s.source == "USB")
    assert status.n_lost == 0
    assert (room.opened, room.closed) == (["", "USB"], ["default"])


def test_another_log_begins_where_the_settings_say(run: Run, tmp_path: Path) -> None:
    run.status(lambda s: s.n_windows > 2)
    other = tmp_path / "other.db"
    run.reload(f"{CONFIG}[log]\npath = '{other}'\n")
    run.stop()
    first = Places.here().state_directory() / "log.db"
    for path in (first, other):
        assert {row.kind for row in rows(path, NoteRow)} >= {"start", "stop"}


def test_other_thresholds_are_another_session_in_the_log(run: Run) -> None:
    run.status(lambda s: s.n_windows > 2)
    run.reload(f"{CONFIG}[decision]\nenter_confidence = 0.13\nleave_confidence = 0.0\n")
    run.status(lambda s: s.state not in {"no_speech", "uncertain"})
    run.stop()
    path = Places.here().state_directory() / "log.db"
    assert len([row for row in rows(path, NoteRow) if row.kind == "start"]) == 2
    assert rows(path, EventRow)


def test_other_pins_are_lit_and_the_former_ones_left(run: Run) -> None:
    need(_has_gpiozero(), "gpiozero")
    run.status(lambda s: s.health == "listening")
    before = run.listening._panel
    assert run.listening.has_panel
    run.reload("[panel]\npwm = false\nstatus_pin = 21\n")
    assert run.listening._panel is not before
    assert before._is_closed
    assert run.listening._panel._status._device.pin.info.name == "GPIO21"
    wait_for(lambda: run.listening._panel._status._device.value == 1)


def test_wrong_settings_at_the_start_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[audio]\nblock_ms = 0\n")
    with pytest.raises(ConfigError, match="block_ms"):
        Run(tmp_path / "config.toml")


def test_an_error_of_ours_around_the_ears_does_not_make_them_deaf(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.status(lambda s: s.health == "listening")

    def breaks() -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(run.listening._renewal, "attend", breaks)
    status = run.status(lambda s: s.trouble)
    assert status.trouble == ("internal error around the ears: ZeroDivisionError: oh",)
    run.status(lambda s: s.n_windows > status.n_windows)


def _has_gpiozero() -> bool:
    try:
        import gpiozero  # noqa: F401
    except ImportError:
        return False
    return True
