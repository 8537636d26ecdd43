"""The program as systemd runs it: a real process, a real notify socket, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from edge.config.places import Places
from edge.dsp.pcm import encode_s16
from edge.service.status import Status, read_status, status_file
from edge.store.catalog import ModelStore
from edge.store.entries import Installed
from tests.edge.store.models import added, packed
from tests.fakes.service import Manager
from tests.fakes.sound import SAMPLE, sample

LIMIT_S = 60.0


class Service:
    """`ser-edge run` under a service manager that only listens."""

    def __init__(self, folder: Path, *, source: str = str(SAMPLE), watchdog_s: float = 3.0) -> None:
        self.config = folder / "config.toml"
        self.config.touch()
        self.manager = Manager.at(folder)
        self.source = source
        self._environment = (
            os.environ
            | self.manager.environment(watchdog_s=watchdog_s)
            | {"SER_EDGE_STORE_HEALTH_WINDOW_S": "2"}
        )
        self._out = folder / "out.txt"
        self._err = folder / "err.txt"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "edge", "run", "--source", self.source]
        with self._out.open("ab") as out, self._err.open("ab") as err:
            self.process = subprocess.Popen(
                [*command, "--config", str(self.config)],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def said(self) -> str:
        return self._out.read_text() + self._err.read_text()

    def wait_for(self, wanted: Callable[[Status], object], *, limit_s: float = LIMIT_S) -> Status:
        deadline_s = time.monotonic() + limit_s
        path, status = status_file(Places.here()), None
        while time.monotonic() < deadline_s:
            status = read_status(path)
            if status and status.pid == self.pid and wanted(status):
                return status
            assert self.process.poll() is None, self.said
            time.sleep(0.02)
        raise AssertionError(f"it never came to that: {status}\n{self.said}")

    def speak(self, seconds: float) -> None:
        """Send sound to standard input, in real time."""
        assert self.process.stdin
        pcm = encode_s16(sample()[: round(seconds * 16000)])
        began_s = time.monotonic()
        for start in range(0, len(pcm), 3200):
            self.process.stdin.write(pcm[start : start + 3200])
            self.process.stdin.flush()
            time.sleep(max(0.0, began_s + (start + 3200) / 32000 - time.monotonic()))

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.send(number)
        code = self.process.wait(30)
        if self.process.stdin:
            with suppress(BrokenPipeError):
                self.process.stdin.close()
        return code

    def close(self) -> None:
        self.end(signal.SIGKILL)
        self.manager.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    yield made
    made.close()


@pytest.fixture
def spoken_to(tmp_path: Path) -> Iterator[Service]:
    """One that listens to standard input, to which nobody speaks yet."""
    made = Service(tmp_path, source="-")
    yield made
    made.close()


def store() -> ModelStore:
    return ModelStore(Path(os.environ["STATE_DIRECTORY"]) / "models", keep=5)


def installed(version: str) -> Installed:
    return added(store(), version, content=packed(version=version))


def test_from_start_to_stop(service: Service) -> None:
    service.manager.wait_for(lambda m: m.get("READY"))
    status = service.wait_for(lambda s: s.n_windows > 0)
    assert (status.health, status.alive, status.model.id) == ("listening", True, None)
    assert status.latency_ms
    assert service.end() == 0
    heard = service.manager.read()
    assert {"STOPPING": "1"} in heard
    assert sum("READY" in message for message in heard) == 1
    assert any(text.startswith("listening to room.flac") for text in service.manager.statuses)
    last = read_status(status_file(Places.here()))
    assert last
    assert (last.health, last.alive) == ("stopped", False)
    assert "Traceback" not in service.said


def test_it_says_little_and_in_plain_lines(service: Service) -> None:
    service.wait_for(lambda s: s.n_windows > 5)
    service.end()
    lines = service.said.splitlines()
    assert "\x1b" not in service.said
    assert "\r" not in service.said
    assert 3 <= len(lines) < 12


def test_the_watchdog_is_fed_while_it_listens(service: Service) -> None:
    service.wait_for(lambda s: s.n_windows > 2)
    n_before = len(service.manager.read())
    time.sleep(2.5)
    fed = [m for m in service.manager.read()[n_before:] if "WATCHDOG" in m]
    assert len(fed) >= 2


def test_a_process_that_is_stuck_is_not_fed(service: Service) -> None:
    service.wait_for(lambda s: s.n_windows > 2)
    service.send(signal.SIGSTOP)
    n_before = len(service.manager.read())
    time.sleep(2.0)
    assert service.manager.read()[n_before:] == []
    service.send(signal.SIGCONT)
    service.manager.wait_for(lambda m: "WATCHDOG" in m, since=n_before)


def test_wrong_settings_are_said_and_the_old_ones_stay(service: Service) -> None:
    service.wait_for(lambda s: s.n_windows > 0)
    service.config.write_text("[audio]\nblock_ms = 7000\n")
    service.send(signal.SIGHUP)
    status = service.wait_for(lambda s: s.trouble)
    (sentence,) = status.trouble
    assert "the settings stay as they were" in sentence
    assert "audio.block_ms" in sentence
    service.manager.wait_for(lambda m: "trouble" in m.get("STATUS", ""))
    words = [next(iter(message)) for message in service.manager.read()]
    assert words.index("RELOADING") < len(words) - 1 - words[::-1].index("READY")
    assert "audio.block_ms" in service.said
    service.config.write_text("[[alert]]\nname = 'other'\n")
    service.send(signal.SIGHUP)
    status = service.wait_for(lambda s: not s.trouble)
    assert status.pid == service.pid
    assert "the settings were read anew" in service.said


def test_reading_anew_loses_no_sound(spoken_to: Service) -> None:
    spoken_to.manager.wait_for(lambda m: m.get("READY"))
    spoken_to.speak(3.0)
    spoken_to.config.write_text("[decision]\nenter_confidence = 0.9\n[log]\nmax_mb = 9\n")
    spoken_to.send(signal.SIGHUP)
    spoken_to.speak(3.0)
    status = spoken_to.wait_for(lambda s: s.n_windows >= 6)
    assert status.n_lost == 0


def test_a_pushed_model_is_tried_and_confirmed(service: Service) -> None:
    service.wait_for(lambda s: s.n_windows > 0)
    model = installed("2")
    store().switch(model.id)
    service.wait_for(lambda s: s.model.id == model.id)
    status = service.wait_for(lambda s: s.model.id == model.id and not s.on_trial)
    assert (status.n_lost, status.trouble) == (0, ())
    deadline_s = time.monotonic() + LIMIT_S
    while store().trial() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    last = store().last_trial()
    assert last
    assert (last.model, last.outcome) == (model.id, "confirmed")
    assert service.end() == 0
    notes = subprocess.run(
        [sys.executable, "-m", "edge", "log", "--notes", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    starts = [json.loads(line) for line in notes.stdout.splitlines()]
    assert any(row["kind"] == "start" and "kitchen 2" in row["text"] for row in starts)


def test_a_model_is_taken_back_where_no_sound_comes(spoken_to: Service) -> None:
    spoken_to.manager.wait_for(lambda m: m.get("READY"))
    spoken_to.speak(1.0)
    store().switch(installed("2").id)
    spoken_to.wait_for(lambda s: s.on_trial)
    status = spoken_to.wait_for(lambda s: not s.on_trial and s.trouble)
    assert status.model.id is None
    assert "nobody could judge it" in status.trouble[0]
    deadline_s = time.monotonic() + LIMIT_S
    while store().current_id() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert store().current_id() is None


def test_a_model_on_trial_in_a_process_that_is_killed_is_taken_back(spoken_to: Service) -> None:
    spoken_to.manager.wait_for(lambda m: m.get("READY"))
    store().switch(installed("2").id)
    spoken_to.wait_for(lambda s: s.on_trial)
    assert spoken_to.end(signal.SIGKILL) == -signal.SIGKILL
    last = read_status(status_file(Places.here()))
    assert last
    assert not last.alive
    spoken_to.start()
    status = spoken_to.wait_for(lambda s: s.trouble)
    assert status.model.id is None
    assert "the process died while the model was on trial" in status.trouble[0]
    assert store().current_id() is None


def test_a_clean_stop_is_no_death(spoken_to: Service) -> None:
    spoken_to.manager.wait_for(lambda m: m.get("READY"))
    model = installed("2")
    store().switch(model.id)
    spoken_to.wait_for(lambda s: s.on_trial)
    assert spoken_to.end() == 0
    spoken_to.start()
    status = spoken_to.wait_for(lambda s: s.on_trial)
    assert status.model.id == model.id


def test_only_one_process_is_the_service(service: Service) -> None:
    service.wait_for(lambda s: s.n_windows > 0)
    done = subprocess.run(
        [sys.executable, "-m", "edge", "run", "--fast", "--source", str(SAMPLE)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0
    assert "another `ser-edge run` keeps the status already" in done.stderr
    service.wait_for(lambda s: s.alive)


def test_a_reload_while_it_starts_does_no_harm(tmp_path: Path) -> None:
    service = Service(tmp_path, source="-")
    wait_for_lock()
    service.send(signal.SIGHUP)
    service.manager.wait_for(lambda m: m.get("READY"))
    service.close()


def wait_for_lock() -> None:
    """Wait until the signals are heeded; the model is loaded after that."""
    deadline_s = time.monotonic() + LIMIT_S
    lock = Places.here().runtime_directory() / "run.lock"
    while not lock.exists() and time.monotonic() < deadline_s:
        time.sleep(0.001)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_while_it_starts_is_obeyed(number: int, tmp_path: Path) -> None:
    service = Service(tmp_path, source="-")
    wait_for_lock()
    assert service.end(number) == 0
    assert "Traceback" not in service.said
    service.close()
