"""What was reported as written is on the disk, however the program ends."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.record.query import AlertRow, EventRow, LogReader, Selection
from tests.edge.record.samples import StoppedClock, begun, event
from tests.support import REPOSITORY

WRITER = """
import itertools, os, sys
from pathlib import Path
from tests.edge.record.samples import StoppedClock, begun, change, event

clock = StoppedClock()
log = begun(Path(sys.argv[1]), clock)
for n in itertools.count(int(sys.argv[2])):
    log.record(event("angry", at_s=float(n)), clock.at(float(n)))
    os.write(1, f"event {n}\\n".encode())
    log.record_changes([change()], clock.at(float(n)))
    os.write(1, f"alert {n}\\n".encode())
"""

N_KILLS = 12


def killed_writer(path, first, chance):
    """Let a process write, kill it at some moment, and return the lines that it reported."""
    command = [sys.executable, "-c", WRITER, str(path), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY) as writer:
        report = os.read(writer.stdout.fileno(), chance.randrange(1, 2000))
        for _ in range(chance.randrange(20)):
            report += os.read(writer.stdout.fileno(), chance.randrange(1, 100))
        writer.send_signal(signal.SIGKILL)
        report += writer.stdout.read()
    return report.decode().splitlines()


def numbers(path, row_type):
    with LogReader(path) as reader:
        return [round(row.at_s) for row in reader.rows(row_type, Selection())]


def test_no_reported_row_is_lost_when_the_program_is_killed(tmp_path):
    path, chance, reported = tmp_path / "log.db", random.Random(20), []
    for first in range(0, N_KILLS * 10_000, 10_000):
        reported += killed_writer(path, first, chance)
        for kind, row_type in (("event", EventRow), ("alert", AlertRow)):
            told = [int(line.split()[1]) for line in reported if line.startswith(kind)]
            there = numbers(path, row_type)
            assert set(told) <= set(there)
            # At most the one row of each run that was written, but not yet reported.
            assert len(there) - len(told) <= first // 10_000 + 1
            assert there == sorted(there)
    assert len(reported) > N_KILLS
    begun(path, StoppedClock()).close()
    with LogReader(path) as reader:
        assert all(row.duration_s is not None for row in reader.rows(EventRow, Selection()))
        assert sum(session.interrupted for session in reader.sessions()) == N_KILLS


def test_what_lies_on_the_disk_while_the_program_runs_is_enough(tmp_path):
    clock = StoppedClock()
    log = begun(tmp_path / "log.db", clock)
    copy = tmp_path / "copy"
    for n in range(20):
        log.record(event(at_s=float(n)), clock.at(float(n)))
        copy_disk(tmp_path, copy)
        assert numbers(copy / "log.db", EventRow) == list(range(n + 1))
    log.close()


def copy_disk(source, target):
    """Copy the log as a power cut would leave it; the shared memory is in no file then."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name in ("log.db", "log.db-wal"):
        shutil.copyfile(source / name, target / name)


@settings(max_examples=30)
@given(keep=st.floats(0, 1))
def test_a_torn_tail_loses_only_the_newest_rows(tmp_path_factory, keep):
    folder = tmp_path_factory.mktemp("torn")
    clock = StoppedClock()
    log = begun(folder / "log.db", clock)
    for n in range(12):
        log.record(event(at_s=float(n)), clock.at(float(n)))
    copy_disk(folder, folder / "copy")
    log.close()
    wal = folder / "copy" / "log.db-wal"
    os.truncate(wal, round(wal.stat().st_size * keep))
    survivor = begun(folder / "copy" / "log.db", clock)
    survivor.record(event("sad"), clock.at(100.0))
    survivor.close()
    *before, newest = numbers(folder / "copy" / "log.db", EventRow)
    assert before == list(range(len(before)))
    assert newest == 100
    if keep == 1.0:
        assert len(before) == 12
    assert not list((folder / "copy").glob("*corrupt*"))
