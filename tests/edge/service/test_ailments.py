"""When a trouble is a cause to call somebody, and when it is over."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.config.settings import TroubleConfig
from edge.service import gauges
from edge.service.ailments import UNWRITTEN_S, Ailments
from edge.service.gauges import Gauges, Reading
from edge.service.troubles import Troubles
from tests.fakes.alarms import Wall

CONFIG = TroubleConfig(deaf_s=60, least_disk_mb=200, most_temperature_c=80, clock_s=3600)
NONE = TroubleConfig(
    deaf_s=None,
    least_disk_mb=None,
    most_temperature_c=None,
    model=False,
    clock_s=None,
    log=False,
)


@dataclass
class Needles:
    """Gauges that the test sets."""

    reading: Reading
    hangs: bool = False


class Patient:
    def __init__(self) -> None:
        self.wall = Wall()
        self.troubles = Troubles()
        self.needles = Needles(Reading(free_mb=1000, temperature_c=50))
        self.unwritten: str | None = None
        self.health, self.fault = "listening", None
        self.ailments = Ailments(
            self.troubles,
            self.needles,  # type: ignore[arg-type]
            clock=self.wall,
            unwritten=lambda: self.unwritten,
            monotonic=self.wall.monotonic,
        )

    def after(self, seconds: float, config: TroubleConfig = CONFIG) -> dict[str, str]:
        """Let time pass, as the loop sees it; return what holds then."""
        end_s = self.wall.now_s + seconds
        while True:
            found = self.ailments.causes(config, health=self.health, fault=self.fault)
            if self.wall.now_s >= end_s:
                return {name.removeprefix("trouble: "): c.reason for name, c in found.items()}
            self.wall.now_s = min(end_s, self.wall.now_s + 1.0)


@pytest.fixture
def patient() -> Patient:
    return Patient()


def test_where_all_is_well_nobody_is_called(patient: Patient) -> None:
    assert patient.after(7200) == {}


@pytest.mark.parametrize("health", ["deaf", "starting"])
def test_deafness_calls_after_its_time_and_says_why(patient: Patient, health: str) -> None:
    patient.health, patient.fault = health, "the microphone is gone"
    assert patient.after(59) == {}
    assert patient.after(1) == {"deaf": "nothing can be heard: the microphone is gone"}
    patient.health, patient.fault = "listening", None
    assert "deaf" in patient.after(4)  # a wire that makes contact for a moment mends nothing
    assert patient.after(1) == {}
    patient.health = health
    assert patient.after(59) == {}


def test_a_microphone_that_comes_for_moments_is_deaf_all_the_same(patient: Patient) -> None:
    found: set[str] = set()
    for _ in range(10):
        patient.health = "deaf"
        found |= patient.after(10).keys()
        patient.health = "listening"
        found |= patient.after(2).keys()
    assert found == {"deaf"}


def test_a_muted_microphone_is_not_deaf(patient: Patient) -> None:
    patient.health = "deaf"
    assert "deaf" in patient.after(100)
    patient.health = "muted"
    assert patient.after(0) == {}
    assert patient.after(1000) == {}


def test_a_full_disk_calls_until_there_is_more_than_just_enough(patient: Patient) -> None:
    patient.needles.reading = Reading(free_mb=199.6)
    assert patient.after(0)["disk"].startswith("the disk of the log has 200 MB left, fewer than")
    patient.needles.reading = Reading(free_mb=210)
    assert "disk" in patient.after(0)
    patient.needles.reading = Reading(free_mb=221)
    assert patient.after(0) == {}
    patient.needles.reading = Reading(free_mb=210)
    assert patient.after(0) == {}
    patient.needles.hangs = True
    assert patient.after(0) == {"disk": "the disk of the log does not answer"}


def test_heat_calls_until_it_has_cooled(patient: Patient) -> None:
    patient.needles.reading = Reading(temperature_c=80.4)
    assert patient.after(0)["temperature"].startswith("the processor has 80 °C, more than 80")
    patient.needles.reading = Reading(temperature_c=76)
    assert "temperature" in patient.after(0)
    patient.needles.reading = Reading(temperature_c=75)
    assert patient.after(0) == {}


@pytest.mark.parametrize("topic", ["model", "store"])
def test_a_model_that_cannot_be_used_calls(patient: Patient, topic: str) -> None:
    patient.troubles.report(topic, "model x was taken back: it was too slow")
    assert patient.after(0) == {"model": "model x was taken back: it was too slow"}
    patient.troubles.settle(topic)
    assert patient.after(0) == {}


def test_a_clock_that_nobody_sets_calls(patient: Patient) -> None:
    patient.wall.synchronised = False
    assert patient.after(3599) == {}
    assert "has not set the clock for 60 minutes" in patient.after(1)["clock"]
    patient.wall.synchronised = True
    assert patient.after(2) == {}
    patient.wall.synchronised = None  # nobody can tell
    assert patient.after(7200) == {}


def test_a_log_that_stays_unwritten_calls(patient: Patient) -> None:
    patient.unwritten = "the log: no space left"
    assert patient.after(UNWRITTEN_S - 1) == {}
    assert patient.after(1) == {"log": "the log: no space left"}
    patient.unwritten = None
    assert patient.after(0) == {}
    patient.unwritten = "the log is locked"
    assert patient.after(1) == {}


def test_what_is_not_wanted_does_not_call(patient: Patient) -> None:
    patient.health, patient.unwritten = "deaf", "the log: no space left"
    patient.needles.reading = Reading(free_mb=0, temperature_c=100)
    patient.wall.synchronised = False
    patient.troubles.report("model", "broken")
    assert patient.after(7200, NONE) == {}
    assert patient.after(0).keys() == {"deaf", "disk", "temperature", "model", "clock", "log"}


def wait_for(is_so: object, *, limit_s: float = 20.0) -> None:
    deadline_s = time.monotonic() + limit_s
    while not is_so() and time.monotonic() < deadline_s:  # type: ignore[operator]
        time.sleep(0.005)
    assert is_so()  # type: ignore[operator]


def test_the_gauges_tell_of_the_disk_that_the_log_will_be_on(tmp_path: Path) -> None:
    looking = Gauges(lambda: tmp_path / "not" / "there" / "log.db", temperature=lambda: 51.5)
    wait_for(lambda: looking.reading.temperature_c == 51.5)
    assert looking.reading.free_mb
    assert not looking.hangs
    looking.close()


def test_what_cannot_be_measured_is_not_known(tmp_path: Path) -> None:
    def broken() -> float:
        raise ValueError("no number")

    def gone() -> Path:
        raise OSError(5, "Input/output error")

    measured = threading.Event()
    looking = Gauges(gone, temperature=lambda: measured.set() or broken())
    assert measured.wait(20)
    wait_for(lambda: looking.reading == Reading())
    looking.close()


def test_a_measurement_that_hangs_is_noticed_and_waited_for_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gauges, "_LATE_S", 0.05)
    never = threading.Event()
    looking = Gauges(lambda: tmp_path / str(never.wait(60)))
    wait_for(lambda: looking.hangs)
    assert looking.reading == Reading()
    looking.close()
    never.set()
