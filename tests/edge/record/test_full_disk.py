"""A disk that is full costs no row, as long as memory holds."""

from __future__ import annotations

import resource
from contextlib import closing, contextmanager, suppress

import pytest

from edge.errors import RecordError
from edge.record.backlog import Backlog
from edge.record.care import Action
from edge.record.outbox import Outbox
from edge.record.query import (
    ActionRow,
    AlertRow,
    EventRow,
    LogReader,
    MinuteRow,
    NoteRow,
    Selection,
)
from tests.edge.record.samples import (
    SESSION,
    begun,
    change,
    event,
    message,
    minute,
    open_log,
)


@contextmanager
def files_up_to(n_bytes):
    """The kernel refuses to let any file of this process grow beyond `n_bytes`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def seconds(path):
    with LogReader(path) as reader:
        return [row.at_s for row in reader.rows(EventRow, Selection())]


def record(log, clock, numbers):
    """Record events; return how many of them could not be written at once."""
    n_failed = 0
    for n in numbers:
        try:
            log.record(event(at_s=float(n)), clock.at(float(n)))
        except RecordError:
            n_failed += 1
    return n_failed


def test_rows_wait_until_there_is_room_again(path, clock):
    log = begun(path, clock)
    with files_up_to(120_000):
        n_failed = record(log, clock, range(60))
        assert 0 < n_failed < 60
        assert log.n_waiting == n_failed
        with pytest.raises(RecordError, match=r"cannot be written: .*full.* rows wait in memory"):
            log.flush()
    log.flush()
    assert log.n_waiting == 0
    log.record(event(at_s=60.0), clock.at(60.0))
    log.close()
    assert seconds(path) == [float(n) for n in range(61)]
    with LogReader(path) as reader:
        rows = list(reader.rows(EventRow, Selection()))
    assert [row.duration_s for row in rows] == [1.0] * 60 + [None]
    assert [row.sequence for row in rows] == list(range(2, 63))


def test_sqlite_says_that_the_disk_is_full(path, clock):
    log = begun(path, clock)
    connection = log._spool.connection
    (n_pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {n_pages}")
    assert record(log, clock, range(100)) > 0
    with pytest.raises(RecordError, match="the disk is full; make room on it"):
        log.flush()
    connection.execute("PRAGMA max_page_count = 100000")
    log.flush()
    assert log.n_waiting == 0
    log.close()


def test_a_disk_that_is_full_from_the_start_is_waited_for_as_well(path, clock):
    log = open_log(path, clock)
    with files_up_to(0):
        with suppress(RecordError):
            begin(log, clock)
        assert record(log, clock, range(3)) == 3
    log.flush()
    log.close()
    assert seconds(path) == [0.0, 1.0, 2.0]
    with LogReader(path) as reader:
        assert len(reader.sessions()) == 1


def begin(log, clock):
    log.begin_session(SESSION, clock.at(0.0))


def test_a_folder_that_cannot_be_made_is_told_and_waited_for(tmp_path, clock):
    blocker = tmp_path / "state"
    blocker.write_text("a file where the folder should be")
    log = open_log(blocker / "log.db", clock)
    with pytest.raises(RecordError, match=r"state/log\.db cannot be written: .*1 rows wait"):
        begin(log, clock)
    blocker.unlink()
    log.record(event(), clock.at(1.0))
    log.close()
    assert seconds(blocker / "log.db") == [1.0]


def test_what_memory_could_not_hold_is_noted(path, clock):
    log = begun(path, clock)
    log._spool._backlog = Backlog(capacity=5)
    with files_up_to(10):
        assert record(log, clock, range(8)) == 8
    log.flush()
    log.close()
    assert seconds(path) == [3.0, 4.0, 5.0, 6.0, 7.0]
    with LogReader(path) as reader:
        assert "3 rows were lost" in [*reader.rows(NoteRow, Selection())][-1].text


def test_alarms_and_messages_are_the_last_to_be_dropped(path, clock):
    log = begun(path, clock)
    log._spool._backlog = Backlog(capacity=5)
    with files_up_to(10):
        for n in range(4):
            raised = change(alarm=f"a{n}")
            with pytest.raises(RecordError):
                log.record_changes([raised], clock.at(n), messages=[message(raised)])
            assert record(log, clock, range(10 * n, 10 * n + 10)) == 10
        with pytest.raises(RecordError):
            log.record_action(Action(action="muted", who="button"), clock.at(40.0))
        with pytest.raises(RecordError):
            log.record_minute(minute(), clock.at(41.0))
        with pytest.raises(RecordError):
            log.record_changes([change(alarm="a4")], clock.at(42.0))
    log.flush()
    # Among the alarms the oldest went, when there was nothing else left.
    with closing(Outbox(path)) as outbox:
        assert [stored.message.alarm for stored in outbox.due("mqtt")] == ["a1", "a2", "a3"]
    log.close()
    with LogReader(path) as reader:
        assert [row.alarm for row in reader.rows(AlertRow, Selection())] == ["a1", "a2", "a3", "a4"]
        assert [row.action for row in reader.rows(ActionRow, Selection())] == ["muted"]
        assert not [*reader.rows(EventRow, Selection()), *reader.rows(MinuteRow, Selection())]
