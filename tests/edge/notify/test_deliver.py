"""`ser-edge deliver` as a process of its own: beside ears, a broker and a web server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.config.places import Places
from edge.service.protocol import Acknowledge, Mute, Snooze
from tests.edge.notify.letters import Clock, log_with, waiting_ids, write
from tests.edge.record.samples import begun
from tests.fakes.broker import Listener, wait_until
from tests.fakes.ears import FakeEars
from tests.fakes.service import Manager

HEAD = "ser-edge/living_room"
ONLINE = f"{HEAD}/availability"
LOG_ROOM = "[room]\nname = 'Living room'\n"


@dataclass
class Home:
    """The folder of a room: its configuration and its log."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def log(self) -> Path:
        return Places.here().state_directory() / "log.db"

    def configure(self, text: str) -> None:
        self.config.write_text(LOG_ROOM + text)

    def secret(self, name: str, text: str) -> str:
        path = self.folder / name
        path.touch(0o600)
        path.write_text(text)
        return str(path)

    def mqtt(self, port: int) -> str:
        return f"[mqtt]\nhost = 'localhost'\nport = {port}\n"

    def webhook(self, name: str, url: str) -> str:
        events = "['raised', 'escalated', 'acknowledged', 'ended']"
        path = self.secret(name, url)
        head = f"[[channel]]\nname = '{name}'\nkind = 'webhook'\n"
        return f"{head}url_file = '{path}'\nevents = {events}\n"


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


@dataclass
class Process:
    popen: subprocess.Popen[str]
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.said or self.popen.poll() is not None)
        assert text in self.said, self.said

    def end(self, number: int = signal.SIGTERM) -> int:
        self.popen.send_signal(number)
        return self.popen.wait(20)


@contextmanager
def delivering(home: Home, **environment: str) -> Iterator[Process]:
    output = home.folder / "output"
    with output.open("w") as file:
        command = [sys.executable, "-m", "edge", "deliver", "--config", str(home.config)]
        popen = subprocess.Popen(
            command, stdout=file, stderr=file, env=os.environ | environment, text=True
        )
    process = Process(popen, output)
    try:
        yield process
        assert "Traceback" not in process.said
    finally:
        popen.kill()
        popen.wait()


def test_an_alarm_reaches_broker_and_webhook_and_the_process_ends_in_time(
    home, broker, listener, site
):
    home.configure(home.mqtt(broker.port) + home.webhook("family", site.url("/hook")))
    clock = Clock()
    with FakeEars() as ears, closing(begun(home.log, clock)) as log, delivering(home) as process:
        listener.wait_for(f"{HEAD}/ears", "online")
        ids = write(log, clock, channels=("mqtt", "family"))
        ears.show(newest_message=2)

        event = json.loads(listener.wait_for(f"{HEAD}/event"))
        wait_until(lambda: site.asked)
        assert [event["message"], site.asked[0].table["message"]] == ids
        for name in ("mqtt", "family"):
            wait_until(lambda name=name: not waiting_ids(home.log, name))
        started_s = time.monotonic()
        assert process.end() == 0
        assert time.monotonic() - started_s < 2
    listener.wait_for(ONLINE, "offline")


def test_a_killed_one_is_missed_and_its_successor_says_nothing_twice(home, broker, listener):
    home.configure(home.mqtt(broker.port))
    first = log_with(home.log, Clock(), 2)
    with delivering(home) as process:
        wait_until(lambda: not waiting_ids(home.log))
        process.end(signal.SIGKILL)
    listener.wait_for(ONLINE, "offline")
    with Listener(broker.port, ONLINE) as late:
        late.wait_for(ONLINE, "offline")

    since = len(listener.heard)
    second = log_with(home.log, Clock(), 1)
    with delivering(home):
        wait_until(lambda: not waiting_ids(home.log))
        listener.wait_for(ONLINE, "online", since=since)
    told = [json.loads(text)["message"] for text in listener.all_of(f"{HEAD}/event")]
    assert told == first + second


def test_ears_that_end_are_missed_by_home_assistant(home, broker, listener):
    home.configure(home.mqtt(broker.port))
    with delivering(home):
        with FakeEars():
            listener.wait_for(f"{HEAD}/ears", "online")
            since = len(listener.heard)
        listener.wait_for(f"{HEAD}/ears", "offline", since=since)
        assert listener.last(ONLINE) == "online"
        listener.wait_for(f"{HEAD}/health", "not running", since=since)


def test_orders_from_home_assistant_reach_the_ears(home, broker, listener):
    home.configure(home.mqtt(broker.port))
    with FakeEars() as ears, delivering(home):
        listener.wait_for(ONLINE, "online")
        listener.say(f"{HEAD}/nonsense", "x")
        listener.say(f"{HEAD}/mute/set", "x")
        listener.say(f"{HEAD}/acknowledge/press", "PRESS")
        listener.say(f"{HEAD}/snooze/press", "PRESS")
        listener.say(f"{HEAD}/mute/set", "ON")
        assert ears.wait_for(Acknowledge) == Acknowledge(who="mqtt")
        assert ears.wait_for(Snooze) == Snooze(who="mqtt", for_s=900.0)
        assert ears.wait_for(Mute) == Mute(who="mqtt")
        listener.wait_for(f"{HEAD}/mute", "ON")
        assert len(ears.commands) == 3


def test_an_order_that_nobody_obeys_is_said_to_be_one(home, broker, listener):
    home.configure(home.mqtt(broker.port))
    with delivering(home) as process:
        listener.wait_for(ONLINE, "online")
        listener.say(f"{HEAD}/mute/set", "ON")
        process.wait_for("an order on mute/set was not obeyed: no ser-edge listens here")


def test_with_nothing_to_do_it_says_so_and_waits_for_settings(home, broker, listener):
    home.configure("")
    ids = log_with(home.log, Clock(), 1)
    with delivering(home) as process:
        process.wait_for("nothing to deliver to: set mqtt.host")
        process.wait_for("1 message waits for 'mqtt', a channel that is not configured")
        home.config.write_text("[mqtt]\nhots = 1\n")
        process.popen.send_signal(signal.SIGHUP)
        process.wait_for("the settings are wrong, the old ones go on")
        home.configure(home.mqtt(broker.port))
        process.popen.send_signal(signal.SIGHUP)
        listener.wait_for(ONLINE, "online")
        wait_until(lambda: not waiting_ids(home.log))
        assert json.loads(listener.all_of(f"{HEAD}/event")[0])["message"] == ids[0]
        home.config.write_text(f"[room]\nname = 'Bath'\n{home.mqtt(broker.port)}")
        process.popen.send_signal(signal.SIGHUP)
        listener.wait_for(ONLINE, "offline")
        listener.wait_for("ser-edge/bath/availability", "online")
        assert process.end() == 0


def test_a_channel_that_hangs_hangs_alone(home, broker, listener, site):
    site.delay_s = 30.0
    home.configure(home.webhook("slow", site.url()) + home.mqtt(broker.port))
    log_with(home.log, Clock(), 1, channels=("slow", "mqtt"))
    with delivering(home) as process:
        listener.wait_for(f"{HEAD}/event")
        wait_until(lambda: site.asked)
        started_s = time.monotonic()
        assert process.end() == 0
        assert time.monotonic() - started_s < 2
    assert waiting_ids(home.log, "slow")


def test_another_one_on_the_same_log_is_refused(home):
    home.configure("")
    with delivering(home) as process:
        process.wait_for("nothing to deliver to")
        command = [sys.executable, "-m", "edge", "deliver", "--config", str(home.config)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert second.returncode == 69
        assert "another `ser-edge deliver` runs already" in second.stderr


def test_the_service_manager_is_told_what_does_not_work(home, tmp_path_factory, site):
    manager = Manager.at(tmp_path_factory.mktemp("manager"))
    site.answer = 404
    home.configure(home.webhook("family", site.url("/secret-hook")))
    log_with(home.log, Clock(), 1, channels=("family",))
    with closing(manager), delivering(home, **manager.environment(watchdog_s=3.0)) as process:
        manager.wait_for(lambda said: said.get("READY"))
        manager.wait_for(
            lambda said: (
                said.get("STATUS")
                == "delivers to family; 1 message waits; localhost answers 404 Not Found"
            )
        )
        manager.wait_for(lambda said: said.get("WATCHDOG"))
        process.end()
        manager.wait_for(lambda said: said.get("STOPPING"))
        assert "secret" not in process.said


def test_a_wrong_configuration_is_not_begun_with(home):
    home.configure("[mqtt]\nhots = 1\n")
    with delivering(home) as process:
        assert process.popen.wait(20) == 78
        assert "hots" in process.said
