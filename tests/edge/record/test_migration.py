"""A log of the former edge becomes one of this edge, wholly or not at all."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from edge.decide.alarms import DeskState
from edge.errors import RecordError
from edge.record.query import AlertRow, EventRow, LogReader, Selection
from edge.record.schema import connect
from tests.edge.record.samples import StoppedClock, begun, event, open_log
from tests.edge.record.version_1 import write_version_1
from tests.support import REPOSITORY

EVENTS = [
    ("2026-11-20T23:10:05.123+01:00", 0.0, "no_speech", 4.0),
    ("2026-11-20T23:10:09.123+01:00", 4.0, "sad", 1200.0),
    ("2026-11-20T22:30:09.123+00:00", 1204.0, "angry", None),
]
ALERTS = [
    ("2026-11-20T23:11:00.000+01:00", "distress", "raised", "sad for 8 s of the last 20 s"),
    ("2026-11-20T23:11:30.000+01:00", "anger", "raised", "angry for 8 s of the last 20 s"),
    ("2026-11-20T23:12:00.000+01:00", "distress", "ended", "acknowledged"),
    ("2026-11-20T23:12:30.000+01:00", "anger", "ended", "timed out"),
    ("2026-11-20T23:20:00.000+01:00", "distress", "raised", "sad for 9 s of the last 20 s"),
]


@pytest.fixture
def former(path):
    write_version_1(path, events=EVENTS, alerts=ALERTS)
    return path


def rows(path, row_type):
    with LogReader(path) as reader:
        return list(reader.rows(row_type, Selection()))


def columns(path):
    query = """SELECT t.name, c.name, c.type, c."notnull", c.dflt_value, c.pk
        FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'"""
    with closing(sqlite3.connect(path)) as connection:
        indexes = connection.execute("SELECT sql FROM sqlite_schema WHERE type = 'index'")
        return {*connection.execute(query).fetchall(), *indexes.fetchall()}


def test_a_renewed_log_is_like_a_new_one(tmp_path, former):
    connect(former).close()
    connect(tmp_path / "new.db").close()
    assert columns(former) == columns(tmp_path / "new.db")


def test_everything_is_still_there_and_can_be_found_by_its_time(former):
    begun(former, StoppedClock()).close()
    assert [(row.time, row.at_s, row.state) for row in rows(former, EventRow)] == [
        event[:3] for event in EVENTS
    ]
    with LogReader(former) as reader:
        since = datetime.fromisoformat("2026-11-20T23:30:09.123+01:00")
        later = reader.rows(EventRow, Selection(since=since))
        assert [row.state for row in later] == ["angry"]


def test_alarms_get_a_name_and_a_history(former):
    connect(former).close()
    found = [(row.alarm, row.rule, row.phase, row.reason) for row in rows(former, AlertRow)]
    assert found == [
        ("before-1", "distress", "raised", "sad for 8 s of the last 20 s"),
        ("before-2", "anger", "raised", "angry for 8 s of the last 20 s"),
        ("before-1", "distress", "acknowledged", "acknowledged"),
        ("before-2", "anger", "ended", "timed out"),
        ("before-5", "distress", "raised", "sad for 9 s of the last 20 s"),
    ]


def test_no_alarm_of_the_former_edge_sounds_again(former):
    clock = StoppedClock(wall=datetime.fromisoformat("2026-11-20T23:25:00+01:00"))
    log = open_log(former, clock)
    assert log.desk_state(clock.at(0.0), boot_id="3c0b") == DeskState()
    log.close()


def test_the_sums_are_those_of_the_events(former):
    connect(former).close()
    with closing(sqlite3.connect(former)) as connection:
        found = connection.execute("SELECT * FROM quarters ORDER BY start_ms").fetchall()
    # 23:00 to 23:15 and the two quarters after it; what has not ended does not count yet.
    first = 1000 * round(datetime.fromisoformat("2026-11-20T22:00:00+00:00").timestamp())
    assert found == [
        (first, "no_speech", 4.0),
        (first, "sad", pytest.approx(290.877)),
        (first + 900_000, "sad", 900.0),
        (first + 1_800_000, "sad", pytest.approx(9.123)),
    ]


def test_a_reader_says_how_a_former_log_is_renewed(former):
    with pytest.raises(RecordError, match=r"older edge .*schema version 1.* systemctl start"):
        LogReader(former)


def test_without_room_for_the_change_the_log_stays_and_rows_wait(former, monkeypatch):
    clock = StoppedClock()

    class FullDisk:
        f_bavail, f_frsize = 1, 4096

    with monkeypatch.context() as patch:
        patch.setattr("edge.record.schema.os.statvfs", lambda _: FullDisk)
        with pytest.raises(RecordError, match=r"the disk is full; make room on it \(1 rows wait"):
            begun(former, clock)
    with closing(sqlite3.connect(former)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    log = begun(former, clock)
    log.record(event("calm"), clock.at(0.0))
    log.close()
    assert [row.state for row in rows(former, EventRow)] == ["no_speech", "sad", "angry", "calm"]


RENEW = """
import os, signal, sys
from pathlib import Path
from edge.record import schema
from edge.record.migration import migrate

STEPS = int(sys.argv[2])

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def migrate_a_little(connection):
    if STEPS:
        connection.set_progress_handler(die, STEPS)
    migrate(connection)
    connection.set_progress_handler(None, 0)
    connection.set_trace_callback(lambda text: die() if text == "COMMIT" else None)

schema.migrate = migrate_a_little
schema.connect(Path(sys.argv[1]))
"""


def many(n):
    begin = datetime.fromisoformat("2026-11-01T00:00:00+01:00")
    return [
        ((begin + timedelta(seconds=9 * i)).isoformat(timespec="milliseconds"), 9.0 * i, "sad", 9.0)
        for i in range(n)
    ]


@pytest.mark.parametrize("n_steps", [100, 100_000, 1_000_000, 0])
def test_killed_in_the_middle_or_before_the_commit_it_stays_as_it_was(path, n_steps):
    n_events = 20_000
    write_version_1(path, events=many(n_events), alerts=ALERTS)
    command = [sys.executable, "-c", RENEW, str(path), str(n_steps)]
    assert subprocess.run(command, cwd=REPOSITORY, check=False).returncode == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        assert tables == {"sessions", "events", "alerts", "minutes", "notes"}
    connect(path).close()
    assert sum(1 for _ in rows(path, EventRow)) == n_events
    assert len(rows(path, AlertRow)) == len(ALERTS)
