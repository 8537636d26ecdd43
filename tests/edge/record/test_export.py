from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest

from edge.contract.labels import EMOTIONS, STATES
from edge.record.care import Action, Feedback
from edge.record.export import csv_header, csv_line, csv_lines, json_line
from edge.record.query import EventRow, LogReader, MinuteRow, NoteRow, Selection
from edge.record.rows import KINDS
from tests.edge.record.samples import StoppedClock, begun, change, event, minute


@pytest.fixture
def reader(tmp_path):
    clock = StoppedClock(synced=None)
    log = begun(tmp_path / "log.db", clock)
    log.record(event("angry", at_s=1.0), clock.at(1.0))
    log.record(event("no_speech", at_s=2.0), clock.at(2.0))
    log.record_changes([change()], clock.at(3.0))
    log.record_action(Action(action="muted", who="button"), clock.at(4.0))
    heard_at = clock.at(1.0).wall
    log.record_feedback(Feedback(verdict="right", heard_at=heard_at, who="mqtt"), clock.at(5.0))
    log.record_minute(minute(), clock.at(60.0))
    log.note("panel", 'a "quoted", split\nnote', clock.at(61.0))
    with LogReader(tmp_path / "log.db") as reader:
        yield reader
    log.close()


KEYS = ["id", "session", "sequence", "time", "clock_synced", "at_s"]


def test_the_keys_of_json_are_stable(reader):
    lines = [json.loads(json_line(row)) for row in reader.rows(EventRow, Selection())]
    assert list(lines[0]) == [
        *KEYS,
        "at_sample",
        "state",
        "confidence",
        "duration_s",
        "interrupted",
        "probabilities",
        "model",
        "level_dbfs",
        "inference_ms",
    ]
    assert lines[0]["probabilities"]["angry"] == 0.72
    assert (lines[0]["duration_s"], lines[1]["duration_s"]) == (1.0, None)
    assert lines[1]["probabilities"] == {}


@pytest.mark.parametrize("row_type", KINDS)
def test_csv_has_a_cell_for_every_column(reader, row_type):
    rows = list(reader.rows(row_type, Selection()))
    header, *lines = csv.reader(
        "\n".join([csv_header(row_type), *map(csv_line, rows)]).splitlines(keepends=True)
    )
    assert header[: len(KEYS)] == KEYS
    assert rows
    assert [len(line) for line in lines] == [len(header)] * len(rows)


def test_csv_spreads_probabilities_and_leaves_unknown_values_empty(reader):
    angry, quiet = (
        dict(zip(csv_header(EventRow).split(","), next(csv.reader([csv_line(row)])), strict=True))
        for row in reader.rows(EventRow, Selection())
    )
    assert [name for name in angry if name.startswith("p_")] == [f"p_{e}" for e in EMOTIONS]
    assert (angry["p_angry"], angry["interrupted"], angry["clock_synced"]) == ("0.72", "0", "")
    assert (quiet["p_angry"], quiet["duration_s"]) == ("", "")


def test_csv_has_a_column_for_each_state_of_a_minute():
    names = csv_header(MinuteRow).split(",")
    assert [name for name in names if name.startswith("s_")] == [f"s_{state}" for state in STATES]


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-x", "@sum(a1)"])
def test_no_note_becomes_a_formula_in_a_spreadsheet(reader, text):
    (row, *_) = reader.rows(NoteRow, Selection())
    (cells,) = csv.reader([csv_line(replace(row, text=text))])
    assert cells[-1] == f"'{text}"


def test_an_export_comes_line_by_line(reader):
    lines = csv_lines(reader, EventRow, Selection(states=("angry",)))
    assert next(lines) == csv_header(EventRow)
    assert next(lines).startswith("1,1,2,2026-11-20T23:10:06.123+01:00,,1.0,")
    assert list(lines) == []


def test_csv_quotes_what_must_be_quoted(reader):
    (row,) = (row for row in reader.rows(NoteRow, Selection()) if row.kind == "panel")
    (cells,) = csv.reader(csv_line(row).splitlines(keepends=True))
    assert cells[-1] == 'a "quoted", split\nnote'
