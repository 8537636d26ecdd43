"""The whole story: sound in, pins and log lines out; from a recording, and from a microphone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edge.contract.labels import EMOTIONS
from edge.decide.alerts import AlertRule
from edge.decide.outcomes import Event
from edge.devices.gpio import PanelPins
from edge.devices.panel import GpioPanel
from edge.dsp.pcm import encode_s16
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.record.log import EventLog
from edge.record.query import AlertRow, EventRow, LogReader, Selection
from edge.record.retention import Retention
from edge.service.display import PanelListener
from edge.service.ears import Ears
from edge.service.logbook import Logbook
from edge.service.runner import Runner
from edge.stream.blocks import AudioBlock
from edge.stream.vad import GateSettings
from tests.edge.record.samples import SESSION, StoppedClock
from tests.edge.service.test_runner import Recorder, ScriptedSource
from tests.fakes.alarms import Watched
from tests.fakes.panel import MockBoard
from tests.fakes.sound import bundled, classifier, cut, sample
from tests.fakes.sources import FifoMicrophone
from tests.support import need

PINS = PanelPins(
    leds=dict(zip(EMOTIONS, range(5, 13), strict=True)), status=13, buzzer=16, button=26, pwm=False
)
RULE = AlertRule(
    name="any", when=("activated", "distress"), confidence=0.3, hold_s=1.0, within_s=2.0
)
KEEN = replace(
    bundled().manifest.decision, enter_confidence=0.127, leave_confidence=0.1, non_voice_veto=1.0
)


class Stream:
    """What the log asks of the ears."""

    session = SESSION
    sample_rate_hz = 16000

    def __init__(self, scorer: WindowScorer) -> None:
        self._scorer = scorer

    @property
    def n_seen(self) -> int:
        return self._scorer.n_seen


class Room:
    """A runner with mock pins, a real log, and a listener that remembers."""

    def __init__(self, folder: Path) -> None:
        self.board = MockBoard.new()
        for pin in (*PINS.leds.values(), PINS.status, PINS.buzzer):
            self.board.pin(pin)
        self.recorder = Recorder()
        self.path = folder / "log.db"
        scorer = WindowScorer(classifier(), gate=GateSettings(), decision=KEEN)
        clock = StoppedClock()
        logbook = Logbook(
            EventLog(self.path, clock=clock, retention=Retention(days=9999, max_mb=1)),
            Stream(scorer),
            clock=clock,
            counts_minutes=False,
        )
        panel = GpioPanel(PINS, on_press=lambda _: None, pin_factory=self.board.factory)
        self.source = ScriptedSource([])
        ears = Ears(EmotionPipeline(scorer, rules=[RULE]))
        listeners = [PanelListener(panel), logbook, self.recorder]
        watched = Watched(ears, [RULE])
        self.runner = Runner(
            self.source,
            ears,
            listeners,
            attend=watched.attend,
            sounding=lambda: watched.keeper.sounding,
        )

    def play(self, blocks: list[AudioBlock]) -> None:
        self.source._script = list(blocks)
        self.runner.run()

    @property
    def events(self) -> list[Event]:
        return [o for o in self.recorder.outcomes if isinstance(o, Event)]

    def lit(self) -> list[str]:
        """Emotions whose LED was ever lit."""
        return [emotion for emotion, pin in PINS.leds.items() if 1.0 in self.board.history(pin)]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    need(_installed("gpiozero"), "gpiozero")
    return Room(tmp_path)


def blocks(size: int) -> list[AudioBlock]:
    return list(cut(sample(), list(range(0, len(sample()), size))))


def test_the_decided_emotions_are_lit_and_logged_and_everything_is_off_at_the_end(
    room: Room,
) -> None:
    room.play(blocks(320))
    shown = {signal.state for signal in room.recorder.signals}
    assert room.lit() == [emotion for emotion in EMOTIONS if emotion in shown]
    assert room.lit()
    assert set(room.board.states([*PINS.leds.values(), PINS.status, PINS.buzzer])) == {0.0}
    assert 1.0 in room.board.history(PINS.status)
    with LogReader(room.path) as reader:
        rows = list(reader.rows(EventRow, Selection()))
        alerts = list(reader.rows(AlertRow, Selection()))
    logged = [(row.at_sample, row.state) for row in rows]
    assert sorted(logged) == [(event.at_sample, event.state) for event in room.events]
    assert alerts
    assert 1.0 in room.board.history(PINS.buzzer)


def test_leds_are_off_after_a_crash(room: Room) -> None:
    def breaks() -> None:
        raise ZeroDivisionError

    script: list = blocks(320)[:600]
    with pytest.raises(ZeroDivisionError):
        room.play([*script, breaks])
    assert room.lit()
    assert set(room.board.states([*PINS.leds.values(), PINS.status, PINS.buzzer])) == {0.0}


@pytest.mark.parametrize("size", [160, 4096, 16000])
def test_the_size_of_blocks_changes_no_event(size: int, tmp_path: Path) -> None:
    need(_installed("gpiozero"), "gpiozero")
    first, second = Room(tmp_path / "a"), Room(tmp_path / "b")
    first.play(blocks(320))
    second.play(blocks(size))
    assert second.events == first.events


def test_a_microphone_through_portaudio_and_alsa(tmp_path: Path) -> None:
    need(_installed("pyaudio"), "PyAudio")
    microphone = FifoMicrophone(tmp_path)
    db = tmp_path / "log.db"
    environment = os.environ | {"ALSA_CONFIG_PATH": str(microphone.conf)}
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "run", "--log", str(db)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_until_open(process.pid, microphone.fifo)
        pcm = encode_s16(sample()[: 12 * 16000])
        microphone.speak(pcm, period_bytes=640, period_s=0.02)
        time.sleep(11.0)
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        microphone.close()
    assert process.returncode == 0, err
    assert "ALSA lib" not in err
    logged = subprocess.run(
        [sys.executable, "-m", "edge", "log", "--db", str(db), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    states = [json.loads(line)["state"] for line in logged.stdout.splitlines()]
    assert states, out + err
    assert all(f"{state} " in out for state in states)


def _wait_until_open(pid: int, fifo: Path, limit_s: float = 20.0) -> None:
    deadline_s = time.monotonic() + limit_s
    links = Path(f"/proc/{pid}/fd")
    while time.monotonic() < deadline_s:
        if any(_target(link) == str(fifo) for link in links.iterdir()):
            time.sleep(0.5)  # PortAudio opens it several times to look at it
            return
        time.sleep(0.02)
    pytest.fail("the microphone was never opened")


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def _installed(module: str) -> bool:
    try:
        __import__(module)
    except ImportError:
        return False
    return True
