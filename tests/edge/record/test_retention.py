from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from edge.record.outbox import Outbox
from edge.record.query import AlertRow, EventRow, LogReader, MinuteRow, NoteRow, Selection
from edge.record.retention import Retention, prune
from tests.edge.record.samples import (
    EVENING,
    SESSION,
    StoppedClock,
    begun,
    change,
    event,
    message,
    minute,
)

DAY_S = 86_400.0
ALL = Selection()
AGES = 10
"""Retention by age in these tests, days."""


@pytest.fixture
def log(path, clock):
    log = begun(path, clock, days=36_500, max_mb=1000)
    log._spool.connection.execute("PRAGMA synchronous = OFF")  # many rows, and no power cut here
    yield log
    log.close()


def rows(path, row_type):
    with LogReader(path) as reader:
        return list(reader.rows(row_type, ALL))


def prune_all(log, *, days=36_500.0, max_mb=1000.0, now=EVENING):
    while prune(log._spool.connection, Retention(days=days, max_mb=max_mb), now=now):
        pass


def test_what_is_older_than_the_days_goes(path, log, clock):
    for day in range(20):
        log.record(event(), clock.at(day * DAY_S))
        log.record_minute(minute(), clock.at(day * DAY_S))
        log.note("microphone", "gone", clock.at(day * DAY_S))
    prune_all(log, days=AGES, now=EVENING + timedelta(days=20))
    expected = [day * DAY_S for day in range(10, 20)]
    for row_type in (EventRow, MinuteRow, NoteRow):
        assert [row.at_s for row in rows(path, row_type)] == expected


def test_the_newest_row_stays_however_old_it_is(path, log, clock):
    for n in range(5):
        log.record(event(at_s=float(n)), clock.at(float(n)))
    prune_all(log, days=AGES, now=EVENING + timedelta(days=900))
    (row,) = rows(path, EventRow)
    assert (row.id, row.duration_s) == (5, None)
    log.record(event("sad"), clock.at(900 * DAY_S))
    assert [row.id for row in rows(path, EventRow)] == [5, 6]


def test_an_alarm_stays_until_it_has_ended(path, log, clock):
    log.record_changes([change(alarm="over", rule="b")], clock.at(0.0))
    log.record_changes([change(alarm="open", rule="a")], clock.at(1.0))
    log.begin_session(SESSION, clock.at(2.0))
    log.record_changes([change("quieted", alarm="open", rule="a")], clock.at(3.0))
    log.record_changes([change("acknowledged", alarm="over", rule="b")], clock.at(4.0))
    log.record_changes([change(alarm="new", rule="b")], clock.at(5.0))
    prune_all(log, days=AGES, now=EVENING + timedelta(days=900))
    kept = [(row.alarm, row.phase) for row in rows(path, AlertRow)]
    assert kept == [("open", "raised"), ("open", "quieted"), ("new", "raised")]


def waiting(path):
    with closing(Outbox(path)) as outbox:
        return [stored.message.alarm for stored in outbox.due("mqtt")]


def call(log, at, *alarms, is_over=True):
    for alarm in alarms:
        raised = change(alarm=alarm)
        log.record_changes([raised], at, messages=[message(raised)])
        if is_over:
            log.record_changes([change("ended", alarm=alarm)], at)


def n_messages(log):
    return log._spool.connection.execute("SELECT count(*) FROM outbox").fetchone()[0]


def test_messages_go_with_their_alarms_and_only_when_nobody_waits_for_them(path, log, clock):
    call(log, clock.at(0.0), "taken", "waiting")
    call(log, clock.at(15 * DAY_S), "new", "newest")
    with closing(Outbox(path)) as outbox:
        for stored in outbox.due("mqtt"):
            if stored.message.alarm in {"taken", "newest"}:
                outbox.confirm(stored.id)
    prune_all(log, days=AGES, now=EVENING + timedelta(days=9))
    assert (waiting(path), n_messages(log)) == (["waiting", "new"], 4)
    prune_all(log, days=AGES, now=EVENING + timedelta(days=20))
    assert (waiting(path), n_messages(log)) == (["new"], 2)
    prune_all(log, days=AGES, now=EVENING + timedelta(days=900))
    # The newest row stays, so that numbers never begin anew.
    assert n_messages(log) == 1


def test_a_message_from_before_the_clock_was_set_waits_like_any_other(path, log, clock):
    clock.synced, clock.wall = False, EVENING.replace(year=1970)
    call(log, clock.at(0.0), "early")
    clock.synced, clock.wall = True, EVENING
    call(log, clock.at(1.0), "later")
    for hour in range(20):
        log.record(event(), clock.at(3600.0 * hour))
    prune_all(log, days=AGES, now=EVENING + timedelta(days=9))
    assert waiting(path) == ["early", "later"]


def sums(log):
    query = "SELECT state, sum(seconds) FROM quarters GROUP BY state"
    return dict(log._spool.connection.execute(query).fetchall())


def test_sums_are_kept_by_age_and_not_by_size(path, log, clock):
    for n in range(3000):
        log.record(event("sad"), clock.at(60.0 * n))
    call(log, clock.at(0.0), "a1")
    whole = sums(log)
    assert whole == {"sad": 60.0 * 2999}
    prune_all(log, max_mb=0.4)
    assert 0 < len(rows(path, EventRow)) < 2900
    assert sums(log) == whole
    # What people have to know is small: it stays.
    assert [row.phase for row in rows(path, AlertRow)] == ["raised", "ended"]
    prune_all(log, days=1, now=EVENING + timedelta(seconds=60 * 3000))
    left_s = sums(log)["sad"]
    assert DAY_S <= left_s <= DAY_S + 2 * 900.0


def test_sums_do_not_fill_the_file_by_themselves(path, log, clock):
    log._spool.connection.executemany(
        "INSERT INTO quarters VALUES (?, 'sad', 900.0)", [(900_000 * n,) for n in range(30_000)]
    )
    log.record(event(), clock.at(0.0))
    prune_all(log, max_mb=0.5)
    (n,) = log._spool.connection.execute("SELECT count(*) FROM quarters").fetchone()
    assert 2000 < n < 5000
    assert len(rows(path, EventRow)) == 1


def test_rows_from_before_the_clock_was_set_go_with_their_neighbours(path, log, clock):
    clock.synced, clock.wall = False, EVENING.replace(year=1970)
    log.record(event("calm"), clock.at(0.0))
    clock.synced, clock.wall = True, EVENING
    log.record(event("sad"), clock.at(1.0))
    log.record(event("angry"), clock.at(30 * DAY_S))
    prune_all(log, days=AGES, now=EVENING + timedelta(days=5))
    assert [row.state for row in rows(path, EventRow)] == ["calm", "sad", "angry"]
    prune_all(log, days=AGES, now=EVENING + timedelta(days=20))
    assert [row.state for row in rows(path, EventRow)] == ["angry"]


def test_an_unset_clock_removes_nothing_by_age(path, log, clock):
    log.record(event(), clock.at(0.0))
    log.record(event(), clock.at(1.0))
    prune_all(log, days=AGES, now=None)
    assert len(rows(path, EventRow)) == 2


def test_the_file_shrinks_below_its_limit_and_the_oldest_go_first(path, log, clock):
    for n in range(6000):
        log.record_minute(minute(), clock.at(60.0 * n))
        if n % 3 == 0:
            log.record(event(at_s=60.0 * n), clock.at(60.0 * n))
    log._spool.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    limit_bytes = 600_000
    assert path.stat().st_size > 1.5 * limit_bytes
    prune_all(log, max_mb=limit_bytes / 1e6)
    assert 0.7 * limit_bytes < path.stat().st_size <= limit_bytes
    minutes, events = rows(path, MinuteRow), rows(path, EventRow)
    assert minutes[-1].at_s == 60.0 * 5999
    # Both kinds reach back to the same time.
    assert abs(minutes[0].at_s - events[0].at_s) <= 3 * 60.0
    assert [row.id for row in minutes] == list(range(minutes[0].id, 6001))


def test_a_file_within_its_limits_is_not_written_to(path, log, clock):
    log.record(event(), clock.at(0.0))
    wal = path.with_name("log.db-wal")
    before = wal.read_bytes()
    prune_all(log, days=AGES)
    assert wal.read_bytes() == before


def test_a_session_without_rows_is_forgotten(path, log, clock):
    log.record(event(), clock.at(0.0))
    log.begin_session(SESSION, clock.at(DAY_S))
    for day in (2, 20, 21):
        log.record(event(), clock.at(day * DAY_S))
        log.note("microphone", "gone", clock.at(day * DAY_S))
    prune_all(log, days=AGES, now=EVENING + timedelta(days=25))
    with LogReader(path) as reader:
        assert [session.id for session in reader.sessions()] == [2]


def test_the_log_cleans_up_by_itself(path, clock):
    log = begun(path, clock, days=1)
    for hour in range(0, 72, 3):
        log.record(event(), clock.at(hour * 3600.0))
    log.close()
    hours = [row.at_s / 3600 for row in rows(path, EventRow)]
    assert hours[-1] == 69
    # A day back from the last clean-up, which was at most six hours ago.
    assert 69 - 24 - 6 <= hours[0] <= 69 - 24 + 3


def test_the_log_does_not_clean_up_by_a_clock_that_is_not_set(path):
    clock = StoppedClock(synced=False)
    log = begun(path, clock, days=1)
    for hour in range(0, 72, 3):
        log.record(event(), clock.at(hour * 3600.0))
    log.close()
    assert len(rows(path, EventRow)) == 24
