"""A driver that hangs, as when a sound card is unbound: nothing else may hang with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.devices import microphone
from edge.devices.microphone import PyAudioMicrophone
from edge.devices.watch import WatchedSource
from edge.dsp.pcm import encode_s16
from edge.service.ears import Ears
from edge.service.reporter import Reporter
from edge.service.runner import Runner
from edge.service.systemd import Notifier
from edge.service.troubles import Troubles
from tests.edge.service.test_reporter import Subject
from tests.edge.service.test_runner import Recorder, pipeline
from tests.fakes.service import Manager
from tests.fakes.sound import sample
from tests.fakes.sources import FakePortAudio, FakeStream, port_device

LIMIT_S = 30.0


class HangingStream(FakeStream):
    """A stream that cannot be closed before the driver is torn away."""

    def __init__(self, never: threading.Event) -> None:
        super().__init__()
        self._never = never

    def close(self) -> None:
        self._never.wait(LIMIT_S)


class Cabin:
    """A runner in a thread of its own, with a microphone whose driver the test can hang."""

    def __init__(self, folder: Path) -> None:
        self.never = threading.Event()
        self.hangs_while_opening = False
        self.engines: list[FakePortAudio] = []
        self.manager = Manager.at(folder)
        self.recorder = Recorder()
        self.subject = Subject(deaf_restart_s=1.0)
        source = WatchedSource(self._open, dead_fault_s=0.5)
        ears = Ears(pipeline())
        reporter = Reporter(
            Notifier(self.manager.address, watchdog_s=0.3),
            None,
            ears=ears,
            subject=self.subject,
            troubles=Troubles(),
        )

        self.runner = Runner(
            source, ears, [self.recorder, reporter], attend=lambda _tell: reporter.turn()
        )
        self.thread = threading.Thread(target=self.runner.run, daemon=True)
        self.thread.start()

    def _open(self) -> PyAudioMicrophone:
        return PyAudioMicrophone("", engine=self._engine)

    def _engine(self) -> FakePortAudio:
        if self.hangs_while_opening:
            self.never.wait(LIMIT_S)
        engine = FakePortAudio([port_device("USB Mic", rate_hz=16000)])
        engine.stream = HangingStream(self.never)
        self.engines.append(engine)
        return engine

    def deliver(self, seconds: float) -> None:
        self.wait_for(lambda: self.engines and hasattr(self.engines[-1], "deliver"))
        pcm = encode_s16(sample()[: round(seconds * 16000)])
        for start in range(0, len(pcm), 640):
            self.engines[-1].deliver(pcm[start : start + 640], 320, False)
            time.sleep(0.002)

    def wait_for(self, wanted: Callable[[], object]) -> None:
        deadline_s = time.monotonic() + LIMIT_S
        while not wanted():
            assert time.monotonic() < deadline_s
            time.sleep(0.01)

    def n_fed(self) -> int:
        return sum("WATCHDOG" in message for message in self.manager.read())

    def health(self) -> str:
        return self.recorder.signals[-1].health

    def close(self) -> None:
        self.never.set()
        self.runner.stop()
        self.thread.join(LIMIT_S)
        self.manager.close()


@pytest.fixture
def cabin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cabin]:
    monkeypatch.setattr(microphone, "_CLOSE_LIMIT_S", 0.2)
    made = Cabin(tmp_path)
    yield made
    made.close()


def test_a_microphone_that_falls_silent_and_cannot_be_closed_is_left_behind(cabin: Cabin) -> None:
    cabin.deliver(1.0)
    cabin.wait_for(lambda: cabin.health() == "listening")
    cabin.wait_for(lambda: cabin.health() == "deaf")  # no sound comes, and no error
    cabin.wait_for(lambda: len(cabin.engines) > 1)  # closed in a bounded time, and opened anew
    cabin.deliver(1.0)
    cabin.wait_for(lambda: cabin.health() == "listening")


def test_a_stop_does_not_wait_for_the_driver_and_the_lights_go_off_first(cabin: Cabin) -> None:
    cabin.deliver(0.5)
    cabin.runner.stop()
    cabin.thread.join(LIMIT_S)
    assert not cabin.thread.is_alive()
    assert not cabin.never.is_set()
    assert cabin.health() == "stopped"


def test_deafness_that_no_opening_mends_ends_the_feeding(cabin: Cabin) -> None:
    cabin.deliver(0.5)
    cabin.wait_for(lambda: cabin.health() == "deaf")
    fed: list[int] = []

    def has_ended() -> bool:
        fed.append(cabin.n_fed())
        return len(fed) > 100 and fed[-1] == fed[-100]

    cabin.wait_for(has_ended)
    assert cabin.thread.is_alive()


def test_a_loop_that_is_stuck_in_the_driver_is_not_fed(cabin: Cabin) -> None:
    cabin.subject.deaf_restart_s = 600.0
    cabin.deliver(0.5)
    cabin.hangs_while_opening = True
    cabin.wait_for(lambda: cabin.health() == "deaf")
    time.sleep(1.5)  # by now it has tried to open, and hangs
    n_before = cabin.n_fed()
    time.sleep(1.0)
    assert cabin.n_fed() == n_before
