"""Days in sums, alarms with their histories, rows page by page."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.contract.labels import GROUPS
from edge.errors import UsageError
from edge.record.days import days_between, midnight
from edge.record.histories import alarm_history, alarms_between, deliveries
from edge.record.outbox import Outbox
from edge.record.paging import page
from edge.record.query import EventRow, LogReader, NoteRow, Selection
from edge.record.summary import DaySums, calendar
from tests.edge.record.samples import EVENING, change, event, message
from tests.fakes.year import write_year

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 26, 15, 0, tzinfo=BERLIN)


@pytest.fixture(scope="module")
def autumn(tmp_path_factory):
    """A log of sixty days, over the end of daylight saving."""
    path = tmp_path_factory.mktemp("autumn") / "log.db"
    write_year(path, until=NOW, n_events=12_000, n_days=60, has_minutes=False)
    return path


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "America/Los_Angeles"])
def test_a_calendar_sums_what_its_events_say(autumn, zone):
    zone = ZoneInfo(zone)
    first, after = date(2026, 10, 1), date(2026, 11, 27)
    with LogReader(autumn) as log:
        found = calendar(log, first, after, zone, now=NOW)
        rows = list(log.rows(EventRow, Selection()))
    expected = {}
    for row in rows:
        begin = datetime.fromisoformat(row.time)
        end = NOW if row.duration_s is None else begin + timedelta(seconds=row.duration_s)
        while begin < end:
            day = begin.astimezone(zone).date()
            cut = min(end, midnight(day + timedelta(days=1), zone).astimezone(UTC))
            sums = expected.setdefault(day, {})
            sums[row.state] = sums.get(row.state, 0.0) + (cut - begin).total_seconds()
            begin = cut
    assert len(found) == 57
    for day in days_between(first, after):
        assert found[day].states_s == pytest.approx(expected[day], abs=0.05)
    total = found[date(2026, 11, 20)]
    assert total.group_s("distress") == sum(total.states_s[s] for s in GROUPS["distress"])
    assert total.voice_s == pytest.approx(total.heard_s - total.states_s["no_speech"])


def test_alarms_are_counted_on_the_day_on_which_they_were_raised(log, clock, path):
    log.record_changes([change(alarm="a1")], clock.at(0.0))
    log.record_changes([change("acknowledged", alarm="a1")], clock.at(3600.0))
    log.record_changes([change(alarm="a2"), change(alarm="a3")], clock.at(3601.0))
    log.record_changes([change(alarm="t1", rule="trouble: deaf")], clock.at(3602.0))
    with LogReader(path) as reader:
        found = calendar(reader, date(2026, 11, 19), date(2026, 11, 23), BERLIN, now=EVENING)
    assert found == {
        date(2026, 11, 20): DaySums(n_alarms=1),
        date(2026, 11, 21): DaySums(n_alarms=2, n_troubles=1),
    }


def test_an_alarm_has_its_whole_history(log, clock, path):
    log.record_changes([change(alarm="a1")], clock.at(0.0))
    log.record_changes([change(alarm="a2", rule="anger")], clock.at(10.0))
    log.record_changes([change("escalated", alarm="a1", step=1)], clock.at(60.0))
    answered = change("acknowledged", alarm="a1", who="page: anna", note="a bad dream")
    log.record_changes([answered], clock.at(86_400.0))
    log.record_changes([change(alarm="a3")], clock.at(86_401.0))
    with LogReader(path) as reader:
        first, second = alarms_between(reader, EVENING, EVENING + timedelta(hours=1))
        assert alarm_history(reader, "a1") == first
        assert alarm_history(reader, "a9") is None
    assert [row.phase for row in first.changes] == ["raised", "escalated", "acknowledged"]
    assert (first.changes[-1].who, first.changes[-1].note) == ("page: anna", "a bad dream")
    assert (first.is_open, second.is_open) == (False, True)
    assert (second.alarm, second.rule, second.severity) == ("a2", "anger", "urgent")
    assert second.reason == "sad or angry for 12 s of the last 20 s"


def test_it_is_known_who_was_told_of_an_alarm(log, clock, path):
    raised = change(alarm="a1")
    sent = [message(raised, channel=channel) for channel in ("mqtt", "phone")]
    log.record_changes([raised], clock.at(0.0), messages=sent)
    with closing(Outbox(path)) as outbox:
        outbox.confirm(sent[0].message)
        outbox.attempted(sent[1].message)
        outbox.fail(sent[1].message, "no route to host")
    with LogReader(path) as reader:
        mqtt, phone = deliveries(reader, "a1")
    assert (mqtt.channel, mqtt.phase, mqtt.created) == ("mqtt", "raised", clock.at(0.0).time)
    assert mqtt.confirmed is not None
    assert (phone.confirmed, phone.failure, phone.n_attempts) == (None, "no route to host", 1)


def pages(path, selection, *, n_rows, row_type=EventRow):
    found, older = [], None
    with LogReader(path) as reader:
        while True:
            shown = page(reader, row_type, selection, n_rows=n_rows, older=older)
            found.append(shown.rows)
            older = shown.older
            if older is None:
                return found


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(states=("angry", "fearful")),
        Selection(since=NOW - timedelta(days=3), until=NOW - timedelta(days=1)),
        Selection(since=NOW + timedelta(days=1)),
    ],
)
@pytest.mark.parametrize("n_rows", [1000, 97, 1])
def test_pages_show_every_row_once_newest_first(autumn, selection, n_rows):
    if n_rows == 1:
        selection = Selection(since=NOW - timedelta(hours=2), states=selection.states)
    shown = pages(autumn, selection, n_rows=n_rows)
    with LogReader(autumn) as reader:
        expected = list(reader.rows(EventRow, selection))
    assert [row for rows in shown for row in rows] == expected[::-1]
    assert [len(rows) for rows in shown[:-1]] == [n_rows] * (len(shown) - 1)


def test_rows_that_come_while_somebody_turns_pages_do_not_shift_them(log, clock, path):
    for n in range(6):
        log.record(event(at_s=float(n)), clock.at(float(n // 2)))
    with LogReader(path) as reader:
        first = page(reader, EventRow, Selection(), n_rows=3)
        log.record(event(at_s=9.0), clock.at(9.0))
        second = page(reader, EventRow, Selection(), n_rows=3, older=first.older)
    assert [row.id for row in (*first.rows, *second.rows)] == [6, 5, 4, 3, 2, 1]
    assert second.older is None


def test_other_kinds_have_pages_too(log, path):
    (rows,) = pages(path, Selection(), n_rows=5, row_type=NoteRow)
    assert [row.kind for row in rows] == ["start"]


@pytest.mark.parametrize("older", ["", "1", "x-1", "1-2; DROP TABLE events", "1" * 30 + "-1"])
def test_a_place_that_no_page_named_is_a_usage_error(autumn, older):
    with LogReader(autumn) as reader, pytest.raises(UsageError, match="is no place in the log"):
        page(reader, EventRow, Selection(), n_rows=5, older=older)


def test_the_index_and_not_the_table_is_searched(autumn):
    """A page must not become slow with the years: what would read every event shows here."""
    queries = []
    with LogReader(autumn) as log:
        log._connection.set_trace_callback(queries.append)
        calendar(log, date(2026, 10, 1), date(2026, 11, 1), BERLIN, now=NOW)
        alarms_between(log, NOW - timedelta(days=1), NOW)
        page(log, EventRow, Selection(states=("sad",)), n_rows=50)
        list(log.rows(EventRow, Selection(since=NOW - timedelta(hours=1))))
        list(log.rows(EventRow, Selection(since=NOW - timedelta(days=50), newest=10)))
        log._connection.set_trace_callback(None)
    assert len(queries) > 30
    with closing(sqlite3.connect(autumn)) as connection:
        plans = [
            step[-1]
            for query in set(queries)
            for step in connection.execute(f"EXPLAIN QUERY PLAN {query}")
        ]
    assert plans
    for table in ("events", "t", "alerts", "quarters", "minutes", "outbox"):
        assert f"SCAN {table}" not in plans
