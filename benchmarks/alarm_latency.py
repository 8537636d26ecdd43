"""From the end of the deciding sound to the light, and to a broker: the real loop in real time.

    python benchmarks/alarm_latency.py [--alarms 20] [--mqtt] [--folder FOLDER] [--block-ms 20]

A recording of speech and silence by turns is played in real time through everything that
`ser-edge run` is made of, with the log on the disk of FOLDER and the panel on gpiozero's mock pins.
The deciding sound ends with the window that made the rule's cause begin; that moment is the one at
which the recording's clock has played that sample. Each alarm is acknowledged before the next.
With --mqtt a real Mosquitto and a real `ser-edge deliver` run beside it, and what is measured ends
when a client of that broker has the message.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from edge.app import listening as wiring
from edge.app import sources
from edge.app.listening import Listening
from edge.app.panels import panel_pins
from edge.app.sources import RawFormat, RunSettings
from edge.config.settings import PanelConfig
from edge.decide.outcomes import Cause, Signal
from edge.devices.panel import GpioPanel
from edge.devices.recording import RecordingSource
from edge.service.happenings import AlarmNews, Happening
from tests.fakes.broker import Listener as Client
from tests.fakes.broker import running
from tests.fakes.panel import MockBoard
from tests.fakes.sound import sample

RATE_HZ = 16000
SILENCE_S = 9.0
HOP_S = 0.5
PATIENCE_S = 20.0

CONFIG = """\
[room]
name = "bench"
[audio]
block_ms = {block_ms}
[gate]
non_voice_veto = 1.0
[[alert]]
name = "any"
when = ["activated", "distress"]
confidence = 0.0
hold_s = 1.0
within_s = 2.0
cooldown_s = 0.0
[trouble]
least_disk_mb = "none"
most_temperature_c = "none"
"""


@dataclass
class Times:
    """Monotonic seconds of one alarm after the other."""

    began: float = 0.0
    sounds: list[float] = field(default_factory=list)
    """When the deciding sound ended."""
    raised: list[float] = field(default_factory=list)
    """When the log had been told, and the views were."""
    lit: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    """When a client of the broker had the message."""


class Recording(RecordingSource):
    """Notes when it began to play."""

    times: Times

    def read(self, *, timeout_s: float) -> object:  # type: ignore[override]
        if not self.times.began:
            self.times.began = time.monotonic()
        return super().read(timeout_s=timeout_s)


class Panel:
    """The panel on mock pins; notes when it has shown an alarm."""

    def __init__(self, times: Times) -> None:
        pins = panel_pins(PanelConfig(pwm=False))
        self._panel = GpioPanel(pins, on_press=lambda _: None, pin_factory=MockBoard.new().factory)
        self._times = times
        self._alarm: str | None = None

    def show(self, signal: Signal) -> None:
        self._panel.show(signal)
        if signal.alarm and not self._alarm:
            self._times.lit.append(time.monotonic())
        self._alarm = signal.alarm

    def close(self) -> None:
        self._panel.close()


class View:
    """Hears of causes and alarms, and acknowledges."""

    def __init__(self, times: Times) -> None:
        self._times = times
        self._cause_s = 0.0
        self.press = lambda _press: None

    def take(self, outcome: Happening, *, state: str) -> None:  # noqa: ARG002 - as others
        if isinstance(outcome, Cause) and outcome.phase == "began":
            self._cause_s = self._times.began + outcome.at_sample / RATE_HZ
        elif isinstance(outcome, Cause):
            self.press("short")
        elif isinstance(outcome, AlarmNews) and outcome.changes[0].phase == "raised":
            self._times.sounds.append(self._cause_s)
            self._times.raised.append(time.monotonic())

    def show(self, signal: Signal) -> None:
        pass

    def close(self) -> None:
        pass


class Timed(Client):
    """A client that notes when it was told of an alarm."""

    times: Times

    def _on_message(self, client: object, data: object, message: object) -> None:
        super()._on_message(client, data, message)
        heard = self.heard[-1]
        if '"event_type": "raised"' in heard.payload and not heard.retained:
            self.times.told.append(time.monotonic())


def recording(path: Path, n_alarms: int) -> None:
    """Write speech and silence by turns; the speech begins anywhere between two windows."""
    rng = np.random.default_rng(6)
    pieces = []
    for _ in range(n_alarms):
        silence = np.zeros(round((SILENCE_S + rng.uniform(0, HOP_S)) * RATE_HZ), np.float32)
        pieces += [silence, sample()[: 8 * RATE_HZ]]
    soundfile.write(path, np.concatenate([*pieces, np.zeros(RATE_HZ, np.float32)]), RATE_HZ)


@contextmanager
def broker(folder: Path, times: Times) -> Iterator[str]:
    """Give the settings of a broker to which messages are delivered by a process of its own."""
    with running(folder) as mosquitto, Timed(mosquitto.port) as client:
        client.times = times
        yield f'[mqtt]\nhost = "localhost"\nport = {mosquitto.port}\n'


@contextmanager
def delivering(config: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "edge", "deliver", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def play(folder: Path, config: Path, times: Times) -> None:
    """Play the recording through the wired program, to its end."""
    Recording.times = times
    sources.RecordingSource = Recording  # type: ignore[misc]
    wiring.open_room_panel = lambda *_, **__: Panel(times)  # type: ignore[assignment]
    view = View(times)
    settings = RunSettings(
        source=str(folder / "voice.wav"),
        pace="real-time",
        config=config,
        model=None,
        log=None,
        raw=RawFormat(sample_rate_hz=RATE_HZ, n_channels=1, sample_format="s16"),
    )
    run = Listening(settings, views=[view])
    view.press = run._care.orders.press  # noqa: SLF001 - as the button does
    thread = threading.Thread(target=run.run)
    thread.start()
    thread.join()


def line(name: str, latencies_s: list[float]) -> str:
    figures = (statistics.median(latencies_s), max(latencies_s))
    median, longest = (f"{1e3 * figure_s:6.1f}" for figure_s in figures)
    return f"| {name} | {len(latencies_s)} | {median} | {longest} |"


def report(times: Times) -> None:
    print("| from the end of the deciding window to | alarms | median ms | longest ms |")
    print("|---|---:|---:|---:|")
    for name, moments in (
        ("the alarm in the log", times.raised),
        ("the light", times.lit),
        ("a client of the broker", times.told),
    ):
        if moments:
            pairs = zip(times.sounds, moments, strict=True)
            print(line(name, [moment - sound for sound, moment in pairs]))
    if times.told:
        pairs = zip(times.lit, times.told, strict=True)
        print(line("from the light to the broker's client", [told - lit for lit, told in pairs]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--alarms", type=int, default=20)
    parser.add_argument("--block-ms", type=int, default=20)
    parser.add_argument("--mqtt", action="store_true", help="with Mosquitto and ser-edge deliver")
    parser.add_argument("--folder", type=Path, help="where log and socket lie (a temporary one)")
    arguments = parser.parse_args()
    times = Times()
    with ExitStack() as stack:
        made = stack.enter_context(tempfile.TemporaryDirectory(dir=arguments.folder))
        folder = Path(made).absolute()
        os.environ |= {"STATE_DIRECTORY": made, "RUNTIME_DIRECTORY": made}
        recording(folder / "voice.wav", arguments.alarms)
        text = CONFIG.format(block_ms=arguments.block_ms)
        config = folder / "config.toml"
        if arguments.mqtt:
            text += stack.enter_context(broker(folder, times))
        config.write_text(text)
        if arguments.mqtt:
            stack.enter_context(delivering(config))
        play(folder, config, times)
        deadline_s = time.monotonic() + PATIENCE_S
        while arguments.mqtt and len(times.told) < len(times.lit) and time.monotonic() < deadline_s:
            time.sleep(0.05)
        report(times)


if __name__ == "__main__":
    main()
