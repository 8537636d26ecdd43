from __future__ import annotations

import json
from datetime import timedelta

import pytest

from edge.cli.main import main
from edge.contract.tables import from_table
from edge.decide.feedback import FeedbackExport, days
from edge.errors import EXIT_IO, EXIT_NO_INPUT, EXIT_OK, EXIT_USAGE
from edge.record.care import Feedback
from tests.edge.record.samples import EVENING, StoppedClock, begun, change, event


@pytest.fixture
def log(tmp_path):
    clock = StoppedClock()
    path = tmp_path / "log.db"
    written = begun(path, clock)
    written.record(event("no_speech"), clock.at(0.0))
    written.record(event("sad", at_s=10.0), clock.at(10.0))
    written.record_changes([change("raised", alarm="a1")], clock.at(18.0), messages=[])
    written.record(event("no_speech", at_s=30.0), clock.at(30.0))
    for alarm, truth in (("a1", None), (None, "happy")):
        judged = Feedback(
            verdict="wrong",
            heard_at=EVENING + timedelta(seconds=18),
            who="page: secretname",
            truth=truth,
            alarm=alarm,
            note="secretnote, she laughed",
        )
        written.record_feedback(judged, clock.at(60.0))
    written.close()
    return path


def export(log, out, *argv: str) -> int:
    return main(["feedback", "export", str(out), "--db", str(log), *argv])


def test_the_export_has_what_the_trainer_needs_and_nothing_that_people_wrote(log, tmp_path, capsys):
    out = tmp_path / "home.json"
    assert export(log, out, "--since", "2026-11-01") == EXIT_OK
    assert "2 verdicts, 1 alarms and 3 states" in capsys.readouterr().out
    text = out.read_text()
    assert "secret" not in text
    found = from_table(FeedbackExport, json.loads(text), path="")
    assert [s.state for s in found.stretches] == ["no_speech", "sad", "no_speech"]
    assert found.stretches[1].duration_s == pytest.approx(20.0)
    assert found.stretches[1].probabilities["sad"] == 0.72
    assert [(c.alarm, c.rule) for c in found.calls] == [("a1", "distress")]
    assert [(j.verdict, j.truth, j.alarm) for j in found.judgements] == [
        ("wrong", None, "a1"),
        ("wrong", "happy", None),
    ]
    assert [rule.name for rule in found.rules] == ["distress"]
    assert len(days(found)) == 1


def test_what_is_older_stays_out(log, tmp_path):
    out = tmp_path / "home.json"
    assert export(log, out, "--since", "2026-11-25") == EXIT_OK
    found = json.loads(out.read_text())
    assert (found["stretches"], found["calls"], found["judgements"]) == ([], [], [])


@pytest.mark.parametrize(
    ("argv", "code"), [(("--since", "soon"), EXIT_USAGE), (("--since", "1d"), EXIT_NO_INPUT)]
)
def test_what_cannot_be_exported_is_one_sentence(argv, code, tmp_path, capsys):
    assert export(tmp_path / "nowhere.db", tmp_path / "home.json", *argv) == code
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "home.json").exists()


def test_a_folder_that_is_not_there_is_told(log, tmp_path, capsys):
    assert export(log, tmp_path / "nowhere" / "home.json") == EXIT_IO
    assert "cannot be written" in capsys.readouterr().err
