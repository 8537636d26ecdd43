"""What is to be told waits in the log until the channel has it."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from edge.errors import RecordError
from edge.record.outbox import Outbox, Waiting
from edge.record.query import AlertRow, EventRow, LogReader, Selection
from edge.record.schema import EARS_TIMEOUT_S
from tests.edge.record.samples import SESSION, StoppedClock, begun, change, event, message, open_log
from tests.edge.record.version_1 import write_version_1
from tests.support import REPOSITORY


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.db"


@pytest.fixture
def log(path, clock):
    log = begun(path, clock)
    yield log
    log.close()


@pytest.fixture
def outbox(path):
    outbox = Outbox(path)
    yield outbox
    outbox.close()


def call(log, clock, *numbers, channels=("mqtt",)):
    """Raise an alarm for each number and tell the channels; return the messages."""
    sent = []
    for n in numbers:
        raised = change(alarm=f"a{n}")
        messages = [message(raised, channel=channel) for channel in channels]
        log.record_changes([raised], clock.at(float(n)), messages=messages)
        sent += messages
    return sent


def test_a_message_is_read_back_as_it_was_written(log, clock, outbox):
    (sent,) = call(log, clock, 1)
    (stored,) = outbox.due("mqtt")
    assert (stored.message, stored.id, stored.n_attempts) == (sent, sent.message, 0)


def test_each_channel_has_its_own_and_the_oldest_comes_first(log, clock, outbox):
    sent = call(log, clock, 1, 2, 3, channels=("mqtt", "phone"))
    for channel in ("mqtt", "phone"):
        due = [stored.message for stored in outbox.due(channel)]
        assert due == [one for one in sent if one.channel == channel]
    assert outbox.due("another") == []


def test_what_a_channel_has_confirmed_is_never_due_again(log, clock, outbox):
    first, second = call(log, clock, 1, channels=("mqtt", "phone"))
    outbox.confirm(first.message)
    outbox.confirm(first.message)
    assert outbox.due("mqtt") == []
    assert [stored.message for stored in outbox.due("phone")] == [second]


def test_attempts_are_counted_and_a_failure_is_told_until_it_is_over(log, clock, outbox):
    first, second = call(log, clock, 1, 2)
    for _ in range(3):
        outbox.attempted(first.message)
        outbox.fail(first.message, "no route to host")
    assert [stored.n_attempts for stored in outbox.due("mqtt")] == [3, 0]
    time_of_first = clock.at(1.0).time
    assert outbox.waiting() == {
        "mqtt": Waiting(n_messages=2, oldest=time_of_first, failure="no route to host")
    }
    outbox.confirm(first.message)
    time_of_second = clock.at(2.0).time
    assert outbox.waiting() == {"mqtt": Waiting(n_messages=1, oldest=time_of_second, failure="")}
    outbox.confirm(second.message)
    assert outbox.waiting() == {}


def test_the_newest_number_says_that_there_is_something_new(log, clock, outbox):
    assert (log.newest_message, outbox.newest) == (0, 0)
    call(log, clock, 1, channels=("mqtt", "phone"))
    assert (log.newest_message, outbox.newest) == (2, 2)
    log.record(event(), clock.at(2.0))
    assert log.newest_message == 2


def test_a_message_that_is_written_again_is_there_once(log, clock, outbox):
    sent = message(change())
    log.record_changes([], clock.at(0.0), messages=[sent])
    outbox.confirm(sent.message)
    log.record_changes([], clock.at(0.0), messages=[sent])
    assert outbox.due("mqtt") == []
    assert outbox.newest == 1


def test_without_a_log_nothing_waits_and_none_is_made(path, clock):
    outbox = Outbox(path)
    assert (outbox.due("mqtt"), outbox.waiting(), outbox.newest) == ([], {}, 0)
    outbox.confirm("nothing")
    assert not list(path.parent.iterdir())
    path.touch()
    assert outbox.due("mqtt") == []
    path.unlink()
    write_version_1(path)
    assert outbox.due("mqtt") == []
    log = begun(path, clock)
    call(log, clock, 1)
    assert len(outbox.due("mqtt")) == 1
    log.close()
    outbox.close()


def test_what_is_no_log_is_told_in_a_sentence(path):
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(RecordError, match=r"messages in the log .*log\.db cannot be read"):
        Outbox(path).due("mqtt")


def test_a_message_of_another_edge_does_not_stop_the_others(log, clock, outbox):
    strange, good = call(log, clock, 1, 2)
    log._spool.connection.execute(
        "UPDATE outbox SET body = '{\"tone\": 1}' WHERE message = ?", (strange.message,)
    )
    assert [stored.message for stored in outbox.due("mqtt")] == [good]


def test_after_damage_the_messages_go_on_in_the_new_file(path, log, clock, outbox):
    told, waiting = call(log, clock, 1, 2)
    outbox.confirm(told.message)
    log._spool.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log.close()
    overwrite_table(path, "notes")
    log = begun(path, clock)
    (late,) = call(log, clock, 3)
    assert len(list(path.parent.glob("log.db.corrupt-*"))) > 0
    assert [stored.message for stored in outbox.due("mqtt")] == [waiting, late]
    # Every row has kept its number.
    assert log.newest_message == outbox.newest == 3
    log.close()


def overwrite_table(path, table):
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        (page,) = connection.execute(query, (table,)).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


def test_what_waits_in_memory_comes_whole_into_a_new_file(path, log, clock, outbox):
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    raised = change(alarm="a9")
    sent = [message(raised, channel=channel) for channel in ("mqtt", "phone")]
    with pytest.raises(RecordError, match="another program holds it"):
        log.record_changes([raised], clock.at(9.0), messages=sent)
    holder.close()
    for part in path.parent.glob("log.db*"):
        part.write_bytes(b"\xff" * 8192)
    log._spool.close()
    log.flush()
    assert [stored.message for ch in ("mqtt", "phone") for stored in outbox.due(ch)] == sent
    with LogReader(path) as reader:
        assert [row.alarm for row in reader.rows(AlertRow, Selection())] == ["a9"]


# Two processes


DELIVERER = """
import os, sys, time
from pathlib import Path
from edge.record.outbox import Outbox

outbox, n = Outbox(Path(sys.argv[1])), 0
os.write(1, b"ready\\n")
while n < int(sys.argv[2]):
    for stored in outbox.due("mqtt"):
        outbox.attempted(stored.id)
        outbox.confirm(stored.id)
        n += 1
os.write(1, b"done\\n")
"""


def python(text, *arguments):
    command = [sys.executable, "-c", text, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY)


def test_ears_and_deliverer_write_at_the_same_time_and_nobody_fails(path, log, clock, outbox):
    n_alarms, slowest_s, n_refused = 600, 0.0, 0
    with python(DELIVERER, path, n_alarms) as deliverer:
        assert deliverer.stdout.readline() == b"ready\n"
        for n in range(n_alarms):
            started_s = time.monotonic()
            try:
                call(log, clock, n)
                log.record(event(at_s=float(n)), clock.at(float(n)))
            except RecordError:
                n_refused += 1
            slowest_s = max(slowest_s, time.monotonic() - started_s)
        while log.n_waiting:
            with_patience(log)
        assert deliverer.stdout.read() == b"done\n"
    # What the disk itself takes is not waiting.
    assert slowest_s < 2 * EARS_TIMEOUT_S + 2.0
    assert n_refused < n_alarms / 10
    assert outbox.due("mqtt") == []
    with closing(sqlite3.connect(path)) as connection:
        told = "SELECT count(*), sum(n_attempts) FROM outbox WHERE confirmed IS NOT NULL"
        assert connection.execute(told).fetchone() == (n_alarms, n_alarms)
    with LogReader(path) as reader:
        assert [row.alarm for row in reader.rows(AlertRow, Selection())] == [
            f"a{n}" for n in range(n_alarms)
        ]


def with_patience(log):
    try:
        log.flush()
    except RecordError:
        time.sleep(0.01)


HOLDER = """
import os, sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE outbox SET n_attempts = n_attempts + 1")
os.write(1, b"held\\n")
time.sleep(600)
"""


def test_a_deliverer_that_stands_still_in_its_transaction_does_not_stop_the_ears(
    path, log, clock, outbox
):
    call(log, clock, 0)
    with python(HOLDER, path) as holder:
        assert holder.stdout.readline() == b"held\n"
        holder.send_signal(signal.SIGSTOP)
        started_s = time.monotonic()
        for n in range(1, 101):
            with pytest.raises(RecordError, match="another program holds it"):
                call(log, clock, n)
            with pytest.raises(RecordError):
                log.record(event(at_s=float(n)), clock.at(float(n)))
        # One wait for all of them, and not one for each.
        assert time.monotonic() - started_s < EARS_TIMEOUT_S * 20
        assert log.n_waiting == 200
        holder.kill()
    log.flush()
    assert log.n_waiting == 0
    # From now on it is patient again.
    timeout_ms = round(1000 * EARS_TIMEOUT_S)
    assert log._spool.connection.execute("PRAGMA busy_timeout").fetchone() == (timeout_ms,)
    assert [stored.message.alarm for stored in outbox.due("mqtt")] == [f"a{n}" for n in range(101)]
    with LogReader(path) as reader:
        events = [row.at_s for row in reader.rows(EventRow, Selection())]
        assert events == [float(n) for n in range(1, 101)]


def test_ears_that_start_while_the_file_is_held_begin_when_it_is_free(path, clock, outbox):
    begun(path, clock).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    log = open_log(path, clock)
    with pytest.raises(RecordError, match="another program holds it"):
        log.begin_session(SESSION, clock.at(0.0))
    opened = log._spool.connection
    for n in range(3):
        with pytest.raises(RecordError, match="another program holds it"):
            call(log, clock, n)
    holder.close()
    log.flush()
    # Opening reads the whole file: it is not done again for each try.
    assert log._spool.connection is opened
    assert [stored.message.alarm for stored in outbox.due("mqtt")] == ["a0", "a1", "a2"]
    log.close()
    with LogReader(path) as reader:
        assert [session.interrupted for session in reader.sessions()] == [True, False]


WRITER = """
import itertools, os, sys
from pathlib import Path
from tests.edge.record.samples import StoppedClock, begun, change, message

clock = StoppedClock()
log = begun(Path(sys.argv[1]), clock)
for n in itertools.count(int(sys.argv[2])):
    changes = [change(alarm=f"{n}"), change("escalated", alarm=f"{n}")]
    messages = [message(one, channel=ch) for one in changes for ch in ("mqtt", "phone")]
    log.record_changes(changes, clock.at(0.0), messages=messages)
    os.write(1, f"{n}\\n".encode())
"""


def test_killed_around_a_change_all_of_its_rows_are_there_or_none(path):
    chance, reported = random.Random(6), []
    for first in range(0, 100_000, 10_000):
        with python(WRITER, path, first) as writer:
            report = os.read(writer.stdout.fileno(), 1)
            time.sleep(chance.uniform(0.0, 0.03))
            writer.send_signal(signal.SIGKILL)
            report += writer.stdout.read()
        reported += [int(line) for line in report.split()]
    with closing(sqlite3.connect(path)) as connection:
        alarms = connection.execute("SELECT alarm, count(*) FROM alerts GROUP BY alarm").fetchall()
        told = connection.execute("SELECT alarm, count(*) FROM outbox GROUP BY alarm").fetchall()
    assert {n for _, n in alarms} == {2}
    assert {n for _, n in told} == {4}
    assert {name for name, _ in alarms} == {name for name, _ in told}
    there = {int(name) for name, _ in alarms}
    assert set(reported) <= there
    # At most the one change of each run that was written, but not yet reported.
    assert len(there) - len(reported) <= 10
