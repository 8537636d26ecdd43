from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from edge.decide.outcomes import Event, Signal
from edge.service.ears import Ears
from edge.service.happenings import AlarmNews
from edge.service.reporter import Reporter, in_one_line, latency_of
from edge.service.status import AlarmStatus, ModelStatus, Status, read_status
from edge.service.systemd import Notifier
from edge.service.troubles import Troubles
from tests.edge.service.test_runner import blocks, pipeline
from tests.fakes.ears import alarm
from tests.fakes.panel import QUIET, signal
from tests.fakes.service import Manager, status
from tests.fakes.sources import FakeClock

MODEL = ModelStatus(id=None, name="room", version="1", sha256="ab" * 32)


@dataclass
class Subject:
    source_name: str = "USB Mic, 16000 Hz"
    model: ModelStatus = MODEL
    on_trial: bool = False
    deaf_restart_s: float = 600.0
    room: str = "kitchen"
    alarms: tuple[AlarmStatus, ...] = ()
    snoozed_until: str | None = None
    newest_message: int = 0


class Desk:
    """A reporter whose clock and signals the test moves."""

    def __init__(self, folder: Path, path: Path | None) -> None:
        self.clock = FakeClock()
        self.manager = Manager.at(folder)
        self.ears = Ears(pipeline(), clock=self.clock.monotonic)
        self.subject = Subject()
        self.troubles = Troubles()
        self.path = path
        self.reporter = Reporter(
            Notifier(self.manager.address, watchdog_s=30.0),
            path,
            ears=self.ears,
            subject=self.subject,
            troubles=self.troubles,
            clock=self.clock.monotonic,
        )
        self.reporter.show(QUIET)

    def hear(self, n_blocks: int) -> None:
        for block in blocks()[:n_blocks]:
            self.clock.sleep(0.02)
            self.ears.push(block)
            self.reporter.turn()
            self.manager.read()

    def wait(self, seconds: float) -> None:
        for _ in range(round(4 * seconds)):
            self.clock.sleep(0.25)
            self.reporter.turn()
            self.manager.read()  # as systemd does: few messages may wait

    def n_said(self, word: str) -> int:
        return sum(word in message for message in self.manager.read())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, tmp_path / "run" / "status.json")
    yield made
    made.manager.close()


def test_it_is_ready_once_when_the_loop_turns(desk: Desk) -> None:
    assert desk.n_said("READY") == 0
    desk.hear(200)
    assert desk.n_said("READY") == 1


def test_the_status_is_written_once_a_second_with_what_was_counted(desk: Desk) -> None:
    assert desk.path
    desk.hear(49)
    first = read_status(desk.path)
    desk.hear(1)
    assert read_status(desk.path) == first
    desk.hear(200)
    desk.wait(1.0)
    second = read_status(desk.path)
    assert first
    assert second
    assert second.updated_monotonic_s > first.updated_monotonic_s
    assert second.n_windows == desk.ears.vitals.n_windows > 0
    assert second.hop_s == 0.5
    assert second.model == MODEL


def test_an_unchanged_line_is_not_said_again(desk: Desk) -> None:
    desk.hear(500)
    assert desk.manager.statuses == ["listening to USB Mic, 16000 Hz: no speech; model room 1"]
    desk.subject.on_trial = True
    desk.hear(51)
    assert desk.manager.statuses[1:] == [
        "listening to USB Mic, 16000 Hz: no speech; model room 1 on trial"
    ]


def test_the_watchdog_is_fed_three_times_within_its_patience(desk: Desk) -> None:
    desk.hear(1250)
    assert desk.n_said("WATCHDOG") == 3


def test_a_muted_microphone_is_fed_without_end_and_has_its_time_after_it(desk: Desk) -> None:
    desk.hear(50)
    desk.ears.pause()
    desk.wait(2000)
    before = desk.n_said("WATCHDOG")
    assert before >= 190
    desk.ears.resume()
    desk.wait(500)  # less than a microphone may take to come
    assert desk.n_said("WATCHDOG") >= before + 45


def test_alarms_snooze_and_the_rest_are_in_the_status(desk: Desk) -> None:
    desk.subject.alarms = (alarm("a1"),)
    desk.subject.snoozed_until = "2026-11-26T14:03:00.000+01:00"
    desk.subject.newest_message = 7
    desk.hear(200)
    desk.wait(1)
    status = read_status(desk.path)
    assert (status.room, status.alarms, status.newest_message) == ("kitchen", (alarm("a1"),), 7)
    assert status.snoozed_until == desk.subject.snoozed_until
    assert status.probabilities.keys() == desk.ears.pipeline.decided.probabilities.keys()


def test_an_alarm_is_reported_without_waiting_for_the_second(desk: Desk) -> None:
    desk.wait(1)
    desk.clock.sleep(0.1)
    desk.subject.alarms = (alarm("a1"),)
    desk.reporter.take(AlarmNews(changes=()), state="sad")
    desk.reporter.turn()
    assert read_status(desk.path).alarms == ()  # not before it is shown
    desk.reporter.show(signal(alarm="distress"))
    desk.reporter.turn()
    status = read_status(desk.path)
    assert (status.alarm, status.alarms) == ("distress", (alarm("a1"),))


def test_since_when_the_state_is_so_is_told(desk: Desk) -> None:
    desk.wait(1)
    before = read_status(desk.path).state_since
    event = Event(
        at_sample=0,
        state="sad",
        confidence=0.6,
        probabilities={},
        level_dbfs=-30.0,
        inference_ms=1.0,
    )
    desk.reporter.take(event, state="sad")
    desk.wait(1)
    after = read_status(desk.path).state_since
    assert datetime.fromisoformat(before) <= datetime.fromisoformat(after)
    assert datetime.fromisoformat(after).tzinfo is not None


def test_those_who_watch_are_told_each_signal(desk: Desk) -> None:
    told: list[Status] = []

    class Control:
        has_watchers = False
        publish = told.append

    desk.reporter.control = Control  # type: ignore[assignment]
    desk.reporter.show(QUIET)
    assert not told
    Control.has_watchers = True
    desk.reporter.show(signal(state="angry"))
    assert [status.state for status in told] == ["angry"]


def test_deafness_is_fed_for_a_while_and_then_no_more(desk: Desk) -> None:
    desk.hear(300)
    desk.wait(600.0)
    n_fed = desk.n_said("WATCHDOG")
    assert n_fed >= 60
    desk.wait(300.0)
    n_last = desk.n_said("WATCHDOG")
    assert n_last <= n_fed + 1
    desk.hear(1000)
    assert desk.n_said("WATCHDOG") > n_last


def test_a_reload_is_framed(desk: Desk) -> None:
    desk.hear(60)
    desk.reporter.reloading()
    desk.reporter.ready()
    desk.reporter.ready()
    framed = [next(iter(m)) for m in desk.manager.read() if "READY" in m or "RELOADING" in m]
    assert framed == ["READY", "RELOADING", "READY"]


def test_the_end_is_said_and_written_at_once(desk: Desk) -> None:
    assert desk.path
    desk.hear(60)
    stopped = Signal(
        health="stopped", state="sad", confidence=0.5, speaking=False, alarm=None, fault=None
    )
    desk.reporter.show(stopped)
    desk.reporter.close()
    last = read_status(desk.path)
    assert last
    assert last.health == "stopped"
    assert desk.n_said("STOPPING") == 1


def test_a_status_that_cannot_be_written_is_a_trouble_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    desk = Desk(tmp_path, tmp_path / "file" / "status.json")
    desk.hear(200)
    (sentence,) = desk.troubles.sentences
    assert "the status cannot be written" in sentence
    assert len(caplog.records) == 1
    desk.manager.close()


def test_without_the_role_nothing_is_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path, None)
    desk.hear(60)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notify"]
    assert desk.n_said("READY") == 1
    desk.manager.close()


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "listening to USB Mic, 16000 Hz: sad 70%; model room 1"),
        ({"state": "no_speech", "confidence": 0.0}, "listening to USB Mic, 16000 Hz: no speech; "),
        ({"health": "deaf", "fault": "no microphone"}, "DEAF: no microphone; model room 1"),
        ({"health": "starting"}, "starting, USB Mic, 16000 Hz; model room 1"),
        ({"alarm": "distress"}, "ALARM distress; listening to USB Mic"),
        (
            {"alarms": (alarm("a1", sounding=False),)},
            "unanswered: distress; listening to USB Mic",
        ),
        ({"health": "muted"}, "MUTED: the microphone is closed; model room 1"),
        ({"on_trial": True}, "model room 1 on trial"),
        (
            {"trouble": ("the settings have 2 faults:\n  one\n  two", "more")},
            "; trouble: the settings have 2 faults",
        ),
    ],
)
def test_the_line_for_systemctl(changes: dict, line: str) -> None:
    found = in_one_line(status(**changes))
    assert line in found
    assert "\n" not in found


def test_latencies_come_to_figures() -> None:
    assert latency_of([]) is None
    found = latency_of([0.001 * (i + 1) for i in range(100)])
    assert found
    assert (found.median, found.p95, found.max) == (50.5, 95.0, 100.0)
