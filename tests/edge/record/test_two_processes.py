"""The ears and whoever delivers write the same file; neither waits long for the other."""

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
from edge.record.query import AlertRow, EventRow, LogReader, Selection
from edge.record.schema import EARS_TIMEOUT_S
from tests.edge.record.samples import (
    SESSION,
    begun,
    call,
    event,
    open_log,
)
from tests.support import REPOSITORY

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
