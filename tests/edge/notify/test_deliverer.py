from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from edge.notify import deliverer as module
from edge.notify.courier import Courier
from edge.notify.deliverer import Deliverer
from edge.record.outbox import Outbox
from tests.edge.notify.letters import Clock, FakeChannel, log_with, waiting_ids
from tests.fakes.broker import wait_until


@dataclass
class Hanging(FakeChannel):
    """Takes a message, and does not come back until it is let go."""

    is_free: threading.Event = field(default_factory=threading.Event)

    def deliver(self, message):
        answer = super().deliver(message)
        self.is_free.wait(20)
        return answer


@pytest.fixture
def log_file(tmp_path):
    return tmp_path / "log.db"


def courier(channel, log_file):
    return Courier(channel, Outbox(log_file), monotonic_s=time.monotonic)


@contextmanager
def at_work(*couriers, after=None):
    deliverer = Deliverer(couriers, after=after)
    deliverer.start()
    yield deliverer
    deliverer.stop()
    deliverer.join(20)


def test_a_channel_that_hangs_hangs_alone(log_file):
    log_with(log_file, Clock(), 2, channels=("slow", "quick"))
    slow, quick = Hanging(name="slow"), FakeChannel(name="quick")
    with at_work(courier(slow, log_file), courier(quick, log_file)):
        wait_until(lambda: len(quick.got) == 2)
        assert len(slow.got) == 1
        slow.is_free.set()


def test_after_a_reload_a_message_on_its_way_is_not_sent_a_second_time(log_file):
    ids = log_with(log_file, Clock(), 1, channels=("slow", "quick"))
    slow, again, quick = Hanging(name="slow"), FakeChannel(name="slow"), FakeChannel(name="quick")
    before = Deliverer([courier(slow, log_file)])
    before.start()
    wait_until(lambda: slow.got)
    before.stop()
    with at_work(courier(again, log_file), courier(quick, log_file), after=before) as now:
        wait_until(lambda: quick.got)
        assert again.n_asked == 0
        slow.is_free.set()
        wait_until(lambda: not waiting_ids(log_file, "slow"))
        now.wake()

    assert slow.got_ids == ids[:1]
    assert again.got == []


def test_it_is_woken_and_looks_by_itself_now_and_then(log_file, monkeypatch):
    channel = FakeChannel()
    monkeypatch.setattr(module, "POLL_S", 30.0)
    with at_work(courier(channel, log_file)) as deliverer:
        wait_until(deliverer.threads["mqtt"].is_alive)
        log_with(log_file, Clock(), 1)
        deliverer.wake()
        wait_until(lambda: channel.got)
    monkeypatch.setattr(module, "POLL_S", 0.05)
    with at_work(courier(channel, log_file)):
        log_with(log_file, Clock(), 1)
        wait_until(lambda: len(channel.got) == 2)


def test_what_does_not_work_is_known(log_file):
    log_with(log_file, Clock(), 3)
    with at_work(courier(FakeChannel(fault="nobody answers"), log_file)) as deliverer:
        wait_until(lambda: deliverer.complaints == ["nobody answers"])
        wait_until(lambda: deliverer.n_waiting == 3)
