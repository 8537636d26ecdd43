"""What a page waits for when a year, a million events, is in the log.

Usage: python -m pytest benchmarks/test_log.py
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge.decide.outcomes import Event
from edge.record.export import csv_lines
from edge.record.histories import alarms_between, deliveries
from edge.record.log import EventLog
from edge.record.moments import SystemClock, moment
from edge.record.outbox import Outbox
from edge.record.paging import page
from edge.record.query import EventRow, LogReader, Selection
from edge.record.retention import Retention
from edge.record.summary import calendar, day_timeline
from tests.edge.record.samples import SESSION
from tests.fakes.year import write_year

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 26, 15, 0, tzinfo=ZONE)
DAY = date(2026, 5, 5)
N_ROUNDS = 21

Figures = dict[str, float | list[float]]

QUESTIONS: dict[str, Callable[[LogReader], object]] = {
    "a day of 2740 states": lambda log: day_timeline(log, DAY, ZONE, now=NOW),
    "the same, 500 stretches": lambda log: day_timeline(log, DAY, ZONE, now=NOW, n_most=500),
    "today": lambda log: day_timeline(log, NOW.date(), ZONE, now=NOW),
    "a month": lambda log: calendar(log, date(2026, 5, 1), date(2026, 6, 1), ZONE, now=NOW),
    "six weeks until today": lambda log: calendar(
        log, date(2026, 10, 19), date(2026, 11, 30), ZONE, now=NOW
    ),
    "alarms of a day": lambda log: alarms_between(log, NOW - timedelta(days=1), NOW),
    "who was told of an alarm": lambda log: deliveries(log, "alarm-7-9"),
    "the newest 100 states": lambda log: page(log, EventRow, Selection(), n_rows=100),
    "100 states of half a year ago": lambda log: page(
        log, EventRow, Selection(until=NOW - timedelta(days=180)), n_rows=100
    ),
    "100 times disgusted": lambda log: page(
        log, EventRow, Selection(states=("disgusted",)), n_rows=100
    ),
    "100 times what never was": lambda log: page(
        log, EventRow, Selection(states=("joyful",)), n_rows=100
    ),
    "the first 200 lines of a year as CSV": lambda log: list(
        islice(csv_lines(log, EventRow, Selection(since=NOW - timedelta(days=364))), 200)
    ),
}


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory, figures: Figures) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("year") / "log.db"
    started_s = time.perf_counter()
    write_year(path, until=NOW)
    figures["a year of a million events: made in s"] = time.perf_counter() - started_s
    figures["a year of a million events: MB"] = path.stat().st_size / 1e6
    # What pytest holds is not searched through for garbage in the middle of a question.
    gc.freeze()
    yield path
    gc.unfreeze()
    path.unlink()


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question(year: Path, question: str, figures: Figures) -> None:
    """Each time the file is opened anew, as a page does it."""
    wall_ms, cpu_ms = [], []
    for _ in range(N_ROUNDS):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        with LogReader(year) as log:
            QUESTIONS[question](log)
        wall_ms.append(1e3 * (time.perf_counter() - wall_s))
        cpu_ms.append(1e3 * (time.process_time() - cpu_s))
    figures[f"{question}, ms: median, longest, CPU"] = [
        round(statistics.median(wall_ms), 1),
        round(max(wall_ms), 1),
        round(statistics.median(cpu_ms), 1),
    ]


def test_what_waits(year: Path, figures: Figures) -> None:
    with closing(Outbox(year)) as outbox:
        outbox.waiting()
        started_s = time.perf_counter()
        outbox.due("mqtt")
        outbox.waiting()
        figures["what waits to be delivered, ms"] = 1e3 * (time.perf_counter() - started_s)


def test_writing(year: Path, figures: Figures) -> None:
    """What a new state costs the ears; the first one opens the file and checks it."""
    log = EventLog(year, clock=SystemClock(), retention=Retention(days=36_500, max_mb=100_000))
    started_s = time.perf_counter()
    log.begin_session(SESSION, moment(SystemClock(), at_s=0.0))
    figures["opening it for writing, s"] = time.perf_counter() - started_s
    spent_ms = []
    for n in range(200):
        event = Event(
            at_sample=n,
            state="calm",
            confidence=0.7,
            probabilities={"calm": 0.7},
            level_dbfs=-30.0,
            inference_ms=1.0,
        )
        started_s = time.perf_counter()
        log.record(event, moment(SystemClock(), at_s=float(n)))
        spent_ms.append(1e3 * (time.perf_counter() - started_s))
    log.close()
    figures["writing a state, ms: median, longest"] = [
        round(statistics.median(spent_ms), 2),
        round(max(spent_ms), 2),
    ]
