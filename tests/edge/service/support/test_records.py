from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.errors import NoInputError
from edge.record.care import Action, Feedback
from edge.record.tables import TABLES
from edge.service.support.records import newest_rows, stand_ins, statistics, telling
from tests.edge.record.samples import SESSION, StoppedClock, change, event, open_log

RULES = stand_ins(["grandma", "distress"])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log with 150 events, one alarm of each rule, a note and 150 more events."""
    path, clock = tmp_path / "log.db", StoppedClock()
    log = open_log(path, clock)
    log.begin_session(SESSION, clock.at(0.0))
    for number in range(150):
        log.record(event(at_s=float(number)), clock.at(float(number)))
    for rule in ("grandma", "an old rule"):
        raised = change(alarm="a1", rule=rule, notify=("grandma's phone",))
        log.record_changes([raised], clock.at(150.0))
    log.note("microphone", "the headset is gone", clock.at(151.0))
    note = "grandma was tired"
    log.record_action(Action(action="muted", who="page: grandma", note=note), clock.at(152.0))
    judged = Feedback(
        verdict="right", heard_at=clock.at(149.0).wall, who="page: grandma", note=note
    )
    log.record_feedback(judged, clock.at(153.0))
    for number in range(150):
        log.record(event("calm", at_s=200.0 + number), clock.at(200.0 + number))
    log.close()
    return path


def test_the_newest_rows_of_all_kinds_in_their_order(log: Path) -> None:
    rows = [json.loads(line) for line in newest_rows(log, rules=RULES).splitlines()]
    assert len(rows) == 200
    assert [row["sequence"] for row in rows] == sorted(row["sequence"] for row in rows)
    tables = [row["table"] for row in rows]
    assert [tables.count(name) for name in TABLES] == [195, 2, 0, 1, 1, 1]
    assert rows[-1]["state"] == "calm"


def test_rules_lose_the_names_that_people_gave_them(log: Path) -> None:
    text = newest_rows(log, rules=RULES)
    assert "grandma" not in text
    assert "an old rule" not in text
    (deed,) = (json.loads(line) for line in text.splitlines() if '"actions"' in line)
    assert (deed["who"], deed["note"]) == ("page", "17 characters")
    rules = [json.loads(line).get("rule") for line in text.splitlines()]
    assert [rule for rule in rules if rule] == ["rule 1", "a former rule"]


def test_names_are_known_to_other_texts_unless_they_are_common() -> None:
    assert telling(stand_ins(["grandma", "distress", "sad", "ann"])) == {"grandma": "rule 1"}


def test_statistics_say_how_much_there_is(log: Path) -> None:
    (log.parent / "log.db.corrupt-20261120T101010Z").write_bytes(b"x" * 10)
    told = json.loads(statistics(log))
    assert told["rows_ever"] == {
        "events": 300,
        "alerts": 2,
        "minutes": 0,
        "notes": 2,
        "actions": 1,
        "feedback": 1,
    }
    assert told["bytes"]["log.db"] == log.stat().st_size
    assert told["bytes"]["log.db.corrupt-20261120T101010Z"] == 10
    assert (told["sessions"], told["last_sessions"][0]["model"]) == (1, SESSION.model)


def test_without_a_log_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="there is no log"):
        newest_rows(tmp_path / "log.db", rules={})
