from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from edge.dashboard.asking import Asking
from edge.dashboard.live import Live
from edge.errors import BusyError
from edge.service.commands import Ears
from edge.service.status import Status
from tests.fakes.dashboard import a_house, places_of
from tests.fakes.ears import FakeEars
from tests.fakes.service import status as any_status

LIMIT_S = 20.0


class Told:
    """Ears that are told what to say, and count how many watch them."""

    def __init__(self) -> None:
        self.words: Queue[Status | Exception | None] = Queue()
        self.n_watchers = 0

    def say(self, **changes: Any) -> None:
        self.words.put(any_status(**changes))

    def watch(self, stop: threading.Event) -> Iterator[Status | None]:
        self.n_watchers += 1
        while not stop.wait(0.001):
            if self.words.empty():
                continue
            word = self.words.get()
            if isinstance(word, Exception):
                raise word
            yield word


@pytest.fixture
def ears() -> Told:
    return Told()


@pytest.fixture
def live(ears: Told) -> Iterator[Live]:
    made = Live(ears, n_streams=2, heartbeat_s=0.2, linger_s=5.0)
    yield made
    made.close()


def wait_until(holds: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.002)


def next_data(events: Iterator[bytes]) -> Any:
    """Return the data of the next event that has any."""
    for event in events:
        if b"data: " in event:
            return json.loads(event.partition(b"data: ")[2])
    return None


def test_all_streams_share_one_watcher(live: Live, ears: Told) -> None:
    one, other = (live.events(is_welcome=lambda: True) for _ in range(2))
    ears.say(state="happy")
    assert next_data(one)["state"] == next_data(other)["state"] == "happy"
    ears.say(state="sad")
    assert next_data(one)["state"] == next_data(other)["state"] == "sad"
    assert ears.n_watchers == 1


def test_who_comes_late_hears_the_newest_at_once(live: Live, ears: Told) -> None:
    ears.say(state="happy")
    assert live.status(wait_s=LIMIT_S)
    assert next_data(live.events(is_welcome=lambda: True))["state"] == "happy"


def test_a_slow_reader_gets_the_newest_and_holds_nobody_up(live: Live, ears: Told) -> None:
    events = live.events(is_welcome=lambda: True)
    ears.say(state="calm")
    assert next_data(events)["state"] == "calm"
    for level in range(-90, -10):
        ears.say(state="angry", level_dbfs=float(level))
    wait_until(ears.words.empty)
    time.sleep(0.3)  # the pace of what is not urgent
    ears.say(state="angry", level_dbfs=-10.0)
    wait_until(lambda: (found := live.status()) and found.level_dbfs == -10.0)
    assert next_data(events)["level_dbfs"] == -10.0, "what is past is not told"


def test_an_urgent_change_does_not_wait_for_the_pace(live: Live, ears: Told) -> None:
    events = live.events(is_welcome=lambda: True)
    states = ["calm", "happy", "sad", "angry", "fearful"]
    began_s = time.monotonic()
    for state in states:
        ears.say(state=state)
        assert next_data(events)["state"] == state
    assert time.monotonic() - began_s < 0.25 * (len(states) - 1) + LIMIT_S


def test_silence_is_bridged_by_a_comment(live: Live) -> None:
    events = live.events(is_welcome=lambda: True)
    assert next(events) == b"retry: 2000\n\n"
    assert next(events).startswith(b":")


def test_nobody_listens(live: Live, ears: Told) -> None:
    events = live.events(is_welcome=lambda: True)
    next(events)
    ears.words.put(None)
    assert next(events) == b"event: away\ndata: {}\n\n"
    assert live.status() is None
    ears.words.put(None)
    assert next(events).startswith(b":"), "it is said once"
    ears.say(state="happy")
    assert next_data(events)["state"] == "happy"


def test_a_stream_ends_with_the_session(live: Live, ears: Told) -> None:
    welcome = [True]
    events = live.events(is_welcome=lambda: welcome[0])
    ears.say()
    assert next_data(events)
    welcome[0] = False
    assert all(b"data" not in event for event in events)


def test_streams_are_few_and_places_are_given_back(live: Live) -> None:
    live.enter()
    live.enter()
    with pytest.raises(BusyError, match="too many"):
        live.enter()
    live.leave()
    live.enter()


def test_the_end_of_the_server_ends_every_stream(live: Live) -> None:
    ended: Queue[str] = Queue()

    def look() -> None:
        for _ in live.events(is_welcome=lambda: True):
            pass
        ended.put("ended")

    thread = threading.Thread(target=look)
    thread.start()
    live.close()
    assert ended.get(timeout=LIMIT_S) == "ended"
    thread.join()
    with pytest.raises(BusyError):
        live.enter()


def test_ears_that_nobody_watches_are_left_alone_and_watched_again(ears: Told) -> None:
    live = Live(ears, linger_s=0.05)
    ears.say(state="happy")
    assert live.status(wait_s=LIMIT_S)
    for _ in range(int(LIMIT_S / 0.02)):
        ears.say(state="happy")
        time.sleep(0.02)
        if live._stop is None:
            break
    else:
        pytest.fail("the ears are watched for nobody")
    while not ears.words.empty():
        ears.words.get()
    ears.say(state="sad")
    found = live.status(wait_s=LIMIT_S)
    assert found
    assert found.state == "sad"
    assert ears.n_watchers == 2
    live.close()


def test_a_watcher_that_breaks_is_logged_and_begun_anew(
    ears: Told, caplog: pytest.LogCaptureFixture
) -> None:
    live = Live(ears)
    ears.words.put(ZeroDivisionError("no ears"))
    assert live.status(wait_s=LIMIT_S) is None
    assert "cannot be watched" in caplog.text
    ears.say(state="happy")
    assert live.status(wait_s=LIMIT_S)
    live.close()


def test_what_was_done_is_known_when_the_command_returns(tmp_path: Path) -> None:
    with FakeEars(tmp_path / "run" / "control.sock") as fake:
        ears = Ears(places_of(tmp_path))
        live = Live(ears)
        asking = Asking(ears, live)
        assert live.status(wait_s=LIMIT_S)
        for health, do in (("muted", asking.mute), ("listening", asking.unmute)) * 3:
            do(who="page: anna")
            found = live.status()
            assert found
            assert found.health == health
        live.close()
    assert len(fake.commands) == 6


def test_ears_that_are_stuck_are_away_and_a_page_does_not_wait_for_them(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        house.ears.is_stuck = True
        client = house.log_in("anna")
        began_s = time.monotonic()
        response = client.get("/api/v1/status")
        assert response.json == {"listening": False, "status": None}
        assert time.monotonic() - began_s < 4.0
