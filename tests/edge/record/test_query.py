from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from edge.errors import NoInputError, RecordError
from edge.record.query import EventRow, LogReader, NoteRow, Selection
from tests.edge.record.samples import EVENING, begun, event
from tests.support import REPOSITORY

STATES = ["no_speech", "calm", "angry", "sad", "angry", "no_speech"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a folder" / "log #1?.db"


@pytest.fixture
def log(path, clock):
    log = begun(path, clock)
    for n, state in enumerate(STATES):
        log.record(event(state, at_s=60.0 * n), clock.at(60.0 * n))
    yield log
    log.close()


def states(path, **selection):
    with LogReader(path) as reader:
        return [row.state for row in reader.rows(EventRow, Selection(**selection))]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({}, STATES),
        ({"since": EVENING + timedelta(minutes=3)}, ["sad", "angry", "no_speech"]),
        ({"until": EVENING + timedelta(minutes=2)}, ["no_speech", "calm"]),
        ({"states": ("angry",)}, ["angry", "angry"]),
        ({"states": ("angry", "sad"), "newest": 2}, ["sad", "angry"]),
        ({"newest": 2}, ["angry", "no_speech"]),
        ({"newest": 0}, []),
        ({"after_id": 4}, ["angry", "no_speech"]),
        ({"since": EVENING + timedelta(days=1)}, []),
    ],
)
def test_a_selection(path, log, selection, expected):
    assert states(path, **selection) == expected


def test_times_are_compared_whatever_their_offset(path, log):
    newyork = (EVENING + timedelta(minutes=3)).astimezone(None)
    assert states(path, since=newyork) == ["sad", "angry", "no_speech"]


def test_a_reader_sees_rows_as_they_come(path, log, clock):
    with LogReader(path) as reader:
        assert reader.newest_id(EventRow) == len(STATES)
        log.record(event("happy", at_s=400.0), clock.at(400.0))
        new = list(reader.rows(EventRow, Selection(after_id=len(STATES))))
        assert [row.state for row in new] == ["happy"]


def test_a_reader_does_not_hold_up_the_writer(path, log, clock):
    with LogReader(path) as reader:
        unfinished = reader.rows(EventRow, Selection())
        next(unfinished)
        log.record(event("happy", at_s=400.0), clock.at(400.0))
        assert [row.state for row in unfinished] == STATES[1:]


def test_a_stopped_log_is_read_without_a_trace(path, log, clock):
    log.close()
    before = {part.name: part.stat().st_mtime_ns for part in path.parent.iterdir()}
    assert states(path) == STATES
    assert {part.name: part.stat().st_mtime_ns for part in path.parent.iterdir()} == before


READ = """
import os, sys
from pathlib import Path
from edge.record.query import EventRow, LogReader, Selection
path, group = Path(sys.argv[1]), int(sys.argv[2])
path.as_uri()  # imports what it needs, which another user may not be able to
if group:
    os.setgroups([group]); os.setgid(65534); os.setuid(65534)
with LogReader(path) as reader:
    print(*(row.state for row in reader.rows(EventRow, Selection())))
"""
SOME_GROUP = 54_321


def read_as_another(path):
    """Read as a member of the file's group; who is not root takes the right to write instead."""
    folder, is_root = path.parent, os.geteuid() == 0
    for part in (*folder.iterdir(), folder):
        if is_root:
            os.chown(part, 0, SOME_GROUP)
        part.chmod(part.stat().st_mode & (0o777 if is_root else 0o555))
    folder.chmod(0o750 if is_root else 0o550)
    reach(folder)
    command = [sys.executable, "-c", READ, str(path), str(SOME_GROUP if is_root else 0)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    for part in (folder, *folder.iterdir()):
        part.chmod(part.stat().st_mode | 0o700)
    return done


def reach(folder):
    """Let others pass through the folders above, which pytest keeps to itself."""
    for parent in folder.parents:
        if parent.stat().st_uid == os.geteuid() and parent.name.startswith(("test_", "pytest")):
            parent.chmod(0o755)


@pytest.mark.parametrize("is_running", [True, False])
def test_another_user_of_the_group_may_read(path, log, is_running):
    if not is_running:
        log.close()
    done = read_as_another(path)
    assert done.stdout.split() == STATES, done.stderr


def test_a_missing_log_is_no_input(tmp_path):
    with pytest.raises(NoInputError, match=r"there is no log .*none\.db yet"):
        LogReader(tmp_path / "none.db")


def test_a_log_that_is_just_being_made_is_no_input_yet(tmp_path):
    (tmp_path / "log.db").touch()
    with pytest.raises(NoInputError, match=r"there is no log .*log\.db yet"):
        LogReader(tmp_path / "log.db")


def test_what_is_no_log_is_refused_with_a_sentence(tmp_path):
    path = tmp_path / "log.db"
    path.write_text("no database at all" * 100)
    with pytest.raises(RecordError, match="cannot be read: file is not a database"):
        LogReader(path)


def test_a_page_that_breaks_while_reading_is_told(path, log):
    log.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with LogReader(path) as reader, pytest.raises(RecordError, match="cannot be read"):
        list(reader.rows(NoteRow, Selection()))
