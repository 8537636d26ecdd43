from __future__ import annotations

import math
import sqlite3
import stat
from dataclasses import replace

import pytest

from edge.contract.labels import EMOTIONS
from edge.errors import RecordError
from edge.record.query import (
    AlertRow,
    EventRow,
    LogReader,
    MinuteRow,
    NoteRow,
    Row,
    Selection,
    SessionRow,
)
from edge.record.schema import SCHEMA_VERSION
from tests.edge.record.samples import (
    SESSION,
    begun,
    change,
    event,
    minute,
    open_log,
)

ALL = Selection()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "log.db"


def rows(path, row_type: type[Row]):
    with LogReader(path) as reader:
        return list(reader.rows(row_type, ALL))


def sessions(path) -> list[SessionRow]:
    with LogReader(path) as reader:
        return reader.sessions()


def test_an_event_is_read_back_as_it_was_written(path, clock):
    log = begun(path, clock)
    log.record(event("angry", at_s=2.5), clock.at(2.5))
    (row,) = rows(path, EventRow)
    assert row == EventRow(
        id=1,
        session=1,
        sequence=2,
        time="2026-11-20T23:10:07.623+01:00",
        clock_synced=True,
        at_s=2.5,
        at_sample=40_000,
        state="angry",
        confidence=0.72,
        duration_s=None,
        interrupted=False,
        probabilities={e: 0.72 if e == "angry" else 0.04 for e in EMOTIONS},
        model="small 1.2.0 3fa94c01",
        level_dbfs=-31.2,
        inference_ms=3.46,
    )
    log.close()


def test_a_state_lasts_until_the_next_begins_and_the_last_until_the_stop(path, clock):
    log = begun(path, clock)
    log.record(event("no_speech"), clock.at(0.0))
    log.record(event("angry", at_s=4.0), clock.at(4.0))
    log.record(event("sad", at_s=10.5), clock.at(10.5))
    assert [row.duration_s for row in rows(path, EventRow)] == [4.0, 6.5, None]
    log.end_session(clock.at(12.0))
    log.close()
    assert [row.duration_s for row in rows(path, EventRow)] == [4.0, 6.5, 1.5]
    assert not any(row.interrupted for row in rows(path, EventRow))


def test_a_duration_is_not_fooled_by_a_jump_of_the_wall_clock(path, clock):
    log = begun(path, clock)
    log.record(event("angry"), clock.at(0.0))
    clock.wall = clock.wall.replace(year=1970)
    log.record(event("sad", at_s=3.0), clock.at(3.0))
    assert rows(path, EventRow)[0].duration_s == 3.0
    log.close()


@pytest.mark.parametrize("synced", [True, False, None])
def test_each_row_says_whether_the_clock_was_set(path, clock, synced):
    clock.synced = synced
    log = begun(path, clock)
    log.record(event(), clock.at(0.0))
    assert rows(path, EventRow)[0].clock_synced is synced
    log.close()


def test_the_sequence_orders_the_rows_of_all_kinds(path, clock):
    log = begun(path, clock)
    log.record(event(), clock.at(1.0))
    log.record_changes([change()], clock.at(2.0))
    log.record_minute(minute(), clock.at(3.0))
    log.note("microphone", "the microphone has gone", clock.at(4.0))
    log.close()
    order = [rows(path, kind)[-1].sequence for kind in (EventRow, AlertRow, MinuteRow, NoteRow)]
    assert order == [2, 3, 4, 5]


def test_alerts_minutes_and_notes_are_read_back(path, clock):
    log = begun(path, clock)
    log.record_changes([change("raised"), change("escalated", step=1)], clock.at(1.0))
    log.record_changes([change("ended", who="mqtt", note="all well")], clock.at(9.0))
    log.record_minute(minute(), clock.at(60.0))
    log.note("panel", "pin 17 is busy", clock.at(61.0))
    log.end_session(clock.at(62.0))
    log.close()
    raised, escalated, ended = rows(path, AlertRow)
    assert raised == AlertRow(
        id=1,
        session=1,
        sequence=2,
        time="2026-11-20T23:10:06.123+01:00",
        clock_synced=True,
        at_s=1.0,
        alarm="a1",
        rule="distress",
        phase="raised",
        severity="urgent",
        reason="sad or angry for 12 s of the last 20 s",
        who="",
        note="",
        confidence=0.81,
        step=0,
        notify=("mqtt", "phone"),
    )
    assert (escalated.phase, escalated.step, escalated.sequence) == ("escalated", 1, 3)
    assert (ended.phase, ended.who, ended.note) == ("ended", "mqtt", "all well")
    (line,) = rows(path, MinuteRow)
    assert line.states_s == {"no_speech": 41.5, "angry": 18.5}
    assert (line.n_windows, line.inference_ms_p95, line.max_level_dbfs) == (240, 4.2, -20.1)
    assert [row.kind for row in rows(path, NoteRow)] == ["start", "panel", "stop"]


def test_a_session_says_who_set_the_thresholds_and_when_it_ended(path, clock):
    log = begun(path, clock)
    (session,) = sessions(path)
    assert session.thresholds["min_dwell_s"] == {"value": 2.0, "set_by": "config"}
    assert session.thresholds["enter_confidence"] == {"value": 0.55, "set_by": "model"}
    assert (session.version, session.boot_id, session.stopped) == ("0.1.0", "3c0b", None)
    log.end_session(clock.at(30.0))
    log.close()
    (session,) = sessions(path)
    assert session.stopped == "2026-11-20T23:10:35.123+01:00"
    assert not session.interrupted


def test_a_new_session_ends_the_one_before(path, clock):
    log = begun(path, clock)
    log.record(event(), clock.at(1.0))
    log.begin_session(SESSION, clock.at(5.0))
    log.record(event("sad", at_s=6.0), clock.at(6.0))
    log.close()
    assert [(row.session, row.duration_s) for row in rows(path, EventRow)] == [(1, 4.0), (2, None)]
    assert sessions(path)[0].stopped is not None


def test_a_run_that_was_cut_off_is_ended_at_the_last_that_is_known(path, clock):
    log = begun(path, clock)
    log.record(event("angry", at_s=50.0), clock.at(50.0))
    log.record_minute(minute(), clock.at(60.0))
    log.record_minute(minute(), clock.at(120.0))
    log.close()
    begun(path, clock).close()
    (row,) = rows(path, EventRow)
    assert (row.duration_s, row.interrupted) == (70.0, True)
    first, second = sessions(path)
    assert (first.interrupted, first.stopped) == (True, "2026-11-20T23:12:05.123+01:00")
    assert (second.interrupted, second.stopped) == (False, None)


def test_nothing_is_written_while_nothing_happens(path, clock):
    log = begun(path, clock)
    wal = path.with_name("log.db-wal")
    before = wal.read_bytes()
    log.flush()
    log.flush()
    assert wal.read_bytes() == before
    log.close()


def test_every_commit_is_synced_to_the_disk(path, clock):
    log = begun(path, clock)
    connection = log._spool.connection
    modes = [
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "auto_vacuum", "user_version")
    ]
    full, incremental = 2, 2
    assert modes == ["wal", full, incremental, SCHEMA_VERSION]
    log.close()


def test_only_owner_and_group_may_read(path, clock):
    log = begun(path, clock)
    for part in path.parent.iterdir():
        assert stat.S_IMODE(part.stat().st_mode) & 0o007 == 0, part
    log.close()


def test_the_tables_have_no_room_for_sound(path, clock):
    begun(path, clock).close()
    connection = sqlite3.connect(path)
    columns = connection.execute(
        "SELECT t.name, c.name, c.type FROM sqlite_schema t, pragma_table_info(t.name) c"
    ).fetchall()
    connection.close()
    assert columns
    assert {type_ for _, _, type_ in columns} == {"INTEGER", "REAL", "TEXT"}


def test_a_newer_file_is_refused_with_a_sentence_and_left_alone(path, clock):
    begun(path, clock).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(RecordError, match="schema version 7, this edge knows up to 2"):
        begun(path, clock)
    with pytest.raises(RecordError, match="schema version 7"):
        LogReader(path)
    assert not list(path.parent.glob("*corrupt*"))


def test_a_database_of_another_program_is_refused(path, clock):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bills (euros INTEGER)")
    connection.close()
    with pytest.raises(RecordError, match="another program"):
        begun(path, clock)


def test_nothing_can_be_recorded_outside_a_session(path, clock):
    with pytest.raises(RecordError, match="no session"):
        open_log(path, clock).record(event(), clock.at(0.0))


@pytest.mark.parametrize("wrong", [math.nan, {}, 2**70, "\ud800"])
def test_what_no_table_takes_does_not_hold_up_the_rest(path, clock, wrong):
    log = begun(path, clock)
    log.record(event("calm"), clock.at(1.0))
    log.record(replace(event("sad"), at_sample=wrong), clock.at(2.0))
    log.record(event("angry"), clock.at(3.0))
    assert log.n_waiting == 0
    log.close()
    # The impossible row is not there, nor what belongs to it: the state before lasted on.
    assert [(row.state, row.duration_s) for row in rows(path, EventRow)] == [
        ("calm", 2.0),
        ("angry", None),
    ]
    assert rows(path, NoteRow)[-1].text.startswith("1 rows were lost")


def test_close_may_be_called_twice(path, clock):
    log = begun(path, clock)
    log.close()
    log.close()
    assert not path.with_name("log.db-wal").exists()


def test_a_file_that_was_removed_is_begun_anew(path, clock):
    log = begun(path, clock)
    log.record(event("angry"), clock.at(1.0))
    for part in path.parent.iterdir():
        part.unlink()
    log.record(event("sad"), clock.at(2.0))
    log.close()
    assert [row.state for row in rows(path, EventRow)] == ["sad"]
    assert [session.model for session in sessions(path)] == [SESSION.model]
