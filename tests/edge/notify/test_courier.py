from __future__ import annotations

import logging
from contextlib import closing
from math import inf

import pytest

from edge.errors import RecordError
from edge.notify.courier import Courier
from edge.record.outbox import Outbox
from tests.edge.notify.letters import Clock, FakeChannel, log_with, waiting_ids, write
from tests.edge.record.samples import begun


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log_file(tmp_path):
    return tmp_path / "log.db"


@pytest.fixture
def outbox(log_file):
    with closing(Outbox(log_file)) as outbox:
        yield outbox


@pytest.fixture
def channel():
    return FakeChannel()


@pytest.fixture
def courier(channel, outbox, clock):
    return Courier(channel, outbox, monotonic_s=clock)


def rest_of(courier):
    """Let it go on while it has more to do, and return when it wants to come back."""
    while (rest_s := courier.turn()) == 0:
        pass
    return rest_s


def test_what_waits_is_delivered_oldest_first_and_never_again(courier, channel, log_file, clock):
    ids = log_with(log_file, clock, 3)

    assert rest_of(courier) == inf
    assert courier.turn() == inf
    assert channel.got_ids == ids
    assert waiting_ids(log_file) == []


def test_a_great_backlog_is_emptied_and_the_newest_alarm_does_not_wait_for_it(
    courier, channel, log_file, clock
):
    ids = log_with(log_file, clock, 130)
    channel.refused = set(ids[:-1])

    courier.turn()

    assert channel.got_ids == ids[-1:]
    channel.refused = set()
    clock.go_on(600)
    assert rest_of(courier) == inf
    assert sorted(channel.got_ids) == sorted(ids)


def test_without_a_log_there_is_nothing_to_do(courier, log_file):
    assert courier.turn() == inf
    assert not log_file.exists()


def test_a_channel_that_is_down_is_tried_again_with_longer_and_longer_waits(
    courier, channel, log_file, clock
):
    ids = log_with(log_file, clock, 1)
    channel.fault = "nobody answers"
    waits_s = []
    for _ in range(10):
        waits_s.append(courier.turn())
        clock.go_on(waits_s[-1])
    channel.fault = ""

    assert rest_of(courier) == inf
    assert channel.got_ids == ids
    assert waits_s[0] < 2
    assert 225 <= waits_s[-1] <= 375
    assert channel.n_asked == 11


def test_after_a_success_the_first_wait_is_a_short_one_again(courier, channel, log_file, clock):
    with closing(begun(log_file, clock)) as log:
        write(log, clock)
        channel.fault = "nobody answers"
        for _ in range(10):
            clock.go_on(courier.turn())
        channel.fault = ""
        rest_of(courier)
        channel.fault = "nobody answers"
        write(log, clock)

    assert courier.turn() < 2


def test_before_the_wait_is_over_nothing_is_tried(courier, channel, log_file, clock):
    log_with(log_file, clock, 2)
    channel.fault = "nobody answers"
    rest_s = courier.turn()
    asked = channel.n_asked

    clock.go_on(rest_s / 2)
    assert 0 < courier.turn() <= rest_s
    assert channel.n_asked == asked


def test_a_new_alarm_does_not_wait_for_the_channels_next_attempt(courier, channel, log_file, clock):
    with closing(begun(log_file, clock)) as log:
        old = write(log, clock)
        channel.fault = "nobody answers"
        for _ in range(12):
            clock.go_on(courier.turn())
        courier.turn()
        channel.fault = ""
        new = write(log, clock)

        assert rest_of(courier) == inf

    assert channel.got_ids == new + old


def test_the_network_is_back_and_all_is_tried_at_once(courier, channel, log_file, clock):
    ids = log_with(log_file, clock, 2)
    channel.fault = "nobody answers"
    for _ in range(12):
        clock.go_on(courier.turn())
    courier.turn()
    channel.fault = ""
    courier.hurry()

    assert rest_of(courier) == inf
    assert channel.got_ids == ids


def test_a_message_that_cannot_be_digested_holds_up_no_other(courier, channel, log_file, clock):
    ids = log_with(log_file, clock, 6)
    channel.refused = {ids[0], ids[3]}

    rest_s = courier.turn()

    assert sorted(channel.got_ids) == sorted(set(ids) - channel.refused)
    assert waiting_ids(log_file) == [ids[0], ids[3]]
    assert 0 < rest_s < inf
    n_asked = channel.n_asked
    courier.turn()
    assert channel.n_asked == n_asked
    channel.refused = set()
    for _ in range(3):
        clock.go_on(min(courier.turn(), 600.0))
    assert waiting_ids(log_file) == []


def test_the_outbox_says_why_not(courier, channel, outbox, log_file, clock):
    log_with(log_file, clock, 2)
    channel.fault = "nobody answers"
    courier.turn()

    assert courier.n_waiting == 2
    assert outbox.waiting()["mqtt"].failure == "nobody answers"
    assert [stored.n_attempts for stored in outbox.due("mqtt")] == [1, 1]


def test_a_trouble_is_said_once_and_so_is_its_end(courier, channel, log_file, clock, caplog):
    caplog.set_level(logging.WARNING)
    log_with(log_file, clock, 1)
    channel.fault = "nobody answers"
    for _ in range(5):
        clock.go_on(courier.turn())
    channel.fault = ""
    courier.turn()

    assert caplog.messages == ["mqtt: nobody answers", "mqtt: works again"]


def test_a_fault_in_a_library_is_no_end_and_shows_no_secret(outbox, log_file, clock):
    class Broken(FakeChannel):
        def deliver(self, _message):
            raise KeyError("https://user:secret@example.org")

    log_with(log_file, clock, 1)
    broken = Courier(Broken(), outbox, monotonic_s=clock)

    assert broken.turn() < inf
    assert broken.complaint.text == "the library for it has failed with KeyError"


class FullDisk(Outbox):
    """An outbox in which nothing can be marked."""

    is_full = True

    def confirm(self, message):
        if self.is_full:
            raise RecordError("the disk is full")
        super().confirm(message)


def test_what_was_delivered_is_not_sent_again_while_it_cannot_be_marked(
    channel, log_file, clock, caplog
):
    caplog.set_level(logging.WARNING)
    ids = log_with(log_file, clock, 2)
    with closing(FullDisk(log_file)) as outbox:
        courier = Courier(channel, outbox, monotonic_s=clock)
        for _ in range(5):
            clock.go_on(courier.turn())
        assert waiting_ids(log_file) == ids
        assert caplog.messages == ["mqtt: outbox: the disk is full"]
        outbox.is_full = False
        courier.turn()

    assert channel.got_ids == ids
    assert waiting_ids(log_file) == []


def test_a_log_that_cannot_be_read_is_tried_again(courier, channel, log_file, clock):
    log_file.write_bytes(b"this is no database" * 100)

    assert 0 < courier.turn() < 60
    log_file.unlink()
    ids = log_with(log_file, clock, 1)
    assert rest_of(courier) == inf
    assert channel.got_ids == ids


def test_an_end_is_not_put_off_by_what_waits(channel, outbox, log_file, clock):
    ids = log_with(log_file, clock, 3)

    class Ending(FakeChannel):
        def deliver(self, message):
            courier.end()
            return super().deliver(message)

    ending = Ending()
    courier = Courier(ending, outbox, monotonic_s=clock)
    courier.turn()

    assert ending.got_ids == ids[:1]
