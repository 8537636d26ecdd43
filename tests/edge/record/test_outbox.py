"""What is to be told waits in the log until the channel has it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from edge.errors import RecordError
from edge.record.histories import waiting
from edge.record.outbox import Outbox, Waiting
from edge.record.query import AlertRow, LogReader, Selection
from tests.edge.record.samples import begun, call, change, event, message
from tests.edge.record.version_1 import write_version_1


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


def test_attempts_are_counted_and_a_failure_is_told_until_it_is_over(log, clock, outbox, path):
    first, second = call(log, clock, 1, 2)
    for _ in range(3):
        outbox.attempted(first.message)
        outbox.fail(first.message, "no route to host")
    assert [stored.n_attempts for stored in outbox.due("mqtt")] == [3, 0]
    time_of_first = clock.at(1.0).time
    assert outbox.waiting() == {
        "mqtt": Waiting(n_messages=2, oldest=time_of_first, failure="no route to host")
    }
    with LogReader(path) as reader:
        assert waiting(reader) == outbox.waiting()
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
