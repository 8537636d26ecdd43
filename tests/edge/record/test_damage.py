"""A damaged file is put aside and a new one begun: the service lives on."""

from __future__ import annotations

import logging
import random
import sqlite3
from contextlib import closing, suppress
from datetime import date, timedelta

import pytest

from edge.errors import RecordError
from edge.record.care import Action
from edge.record.outbox import Outbox
from edge.record.query import ActionRow, AlertRow, EventRow, LogReader, NoteRow, Selection
from edge.record.summary import calendar
from tests.edge.record.samples import (
    BERLIN,
    EVENING,
    SESSION,
    begun,
    change,
    event,
    message,
)


def states(path):
    with LogReader(path) as reader:
        return [row.state for row in reader.rows(EventRow, Selection())]


def notes(path):
    with LogReader(path) as reader:
        return [row.text for row in reader.rows(NoteRow, Selection())]


def fill(path, clock, n_events=200):
    log = begun(path, clock)
    log._spool.connection.execute("PRAGMA synchronous = OFF")
    for n in range(n_events):
        log.record(event(at_s=float(n)), clock.at(float(n)))
    log.close()


def overwrite(path, at, data):
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def test_a_file_that_is_no_database_is_put_aside(path, clock, caplog):
    path.write_bytes(b"this is no database" * 500)
    with caplog.at_level(logging.WARNING):
        log = begun(path, clock)
    log.record(event("sad"), clock.at(1.0))
    log.close()
    aside = path.with_name("log.db.corrupt-20261120T221005Z")
    assert aside.read_bytes().startswith(b"this is no database")
    assert states(path) == ["sad"]
    assert any("damaged" in text and str(aside) in text for text in notes(path))
    assert str(aside) in caplog.text


@pytest.mark.parametrize("seed", range(5))
def test_overwritten_pages_are_noticed_when_the_log_is_opened(path, clock, seed):
    fill(path, clock)
    chance = random.Random(seed)
    size = path.stat().st_size
    for at in range(8192, size, 4096):
        overwrite(path, at, chance.randbytes(64))
    log = begun(path, clock)
    log.record(event("happy"), clock.at(1.0))
    log.close()
    assert states(path) == ["happy"]
    assert len(list(path.parent.glob("log.db.corrupt-*"))) == 1


def test_damage_while_the_log_is_open_does_not_stop_it(path, clock):
    fill(path, clock)
    log = begun(path, clock)
    log._spool.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    overwrite(path, 0, b"\xff" * path.stat().st_size)
    log._spool.connection.execute("PRAGMA shrink_memory")  # as when the cache has moved on
    for n in range(3):
        log.record(event("sad", at_s=float(n)), clock.at(float(n)))
    log.close()
    assert states(path) == ["sad"] * 3
    with LogReader(path) as reader:
        (session,) = reader.sessions()
        assert {row.session for row in reader.rows(EventRow, Selection())} == {session.id}


def test_alarms_and_sums_outlive_the_damage(path, clock):
    log = begun(path, clock)
    log.record(event("sad"), clock.at(0.0))
    log.record(event("calm"), clock.at(600.0))
    log.record_changes([change(alarm="a1")], clock.at(601.0))
    log.record_action(Action(action="muted", who="button"), clock.at(602.0))
    log.close()
    overwrite_table(path, "events")
    log = begun(path, clock)
    log.record_changes([change(alarm="a2")], clock.at(700.0))
    state = log.desk_state(clock.at(700.0), boot_id=SESSION.boot_id)
    assert [alarm.id for alarm in state.open] == ["a1", "a2"]
    log.close()
    with LogReader(path) as reader:
        assert [(row.id, row.session) for row in reader.rows(AlertRow, Selection())] == [
            (1, 1),
            (2, 2),
        ]
        assert [row.action for row in reader.rows(ActionRow, Selection())] == ["muted"]
        day = date(2026, 11, 20)
        (sums,) = calendar(reader, day, day + timedelta(days=1), BERLIN, now=EVENING).values()
        assert sums.states_s == {"sad": 600.0}
        first, second = reader.sessions()
        assert (first.interrupted, first.stopped) == (True, clock.at(602.0).time)
        assert second.stopped is None


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_rescued_the_log_goes_on(path, clock, seed):
    log = begun(path, clock)
    for n in range(40):
        raised = change(alarm=f"a{n}")
        log.record_changes([raised], clock.at(float(n)), messages=[message(raised)])
        log.record(event(), clock.at(float(n)))
    log.close()
    chance = random.Random(seed)
    for at in range(8192, path.stat().st_size, 1024):
        overwrite(path, at + chance.randrange(1000), chance.randbytes(chance.randrange(40)))
    log = begun(path, clock)
    with suppress(RecordError):
        log.desk_state(clock.at(100.0), boot_id=SESSION.boot_id)
    raised = change(alarm="new")
    sent = message(raised)
    log.record_changes([raised], clock.at(100.0), messages=[sent])
    assert log.n_waiting == 0
    log.close()
    with closing(Outbox(path)) as outbox:
        assert outbox.due("mqtt")[-1].message == sent


def overwrite_table(path, table):
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        (page,) = connection.execute(query, (table,)).fetchone()
    overwrite(path, (page - 1) * 4096, b"\xff" * 4096)


def test_an_empty_file_is_simply_used(path, clock):
    path.touch()
    log = begun(path, clock)
    log.record(event("calm"), clock.at(1.0))
    log.close()
    assert states(path) == ["calm"]
    assert not list(path.parent.glob("*corrupt*"))


def test_only_a_few_damaged_files_are_kept(path, clock):
    for n in range(6):
        path.write_bytes(f"no database {n} ".encode() * 500)
        begun(path, clock).close()
    kept = sorted(part.read_bytes()[:14] for part in path.parent.glob("log.db.corrupt-*"))
    assert kept == [b"no database 3 ", b"no database 4 ", b"no database 5 "]
