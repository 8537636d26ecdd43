from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta

import pytest

from edge.cli import main
from edge.errors import EXIT_CONFIG, EXIT_IO, EXIT_NO_INPUT, EXIT_OK, EXIT_USAGE
from edge.record.care import Action, Feedback
from tests.edge.record.samples import SESSION, StoppedClock, begun, change, event, minute
from tests.support import REPOSITORY

STATES = ["no_speech", "calm", "angry", "sad"]
PATIENCE_S = 30.0


@pytest.fixture(autouse=True)
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.db"


@pytest.fixture
def log(path, clock):
    log = begun(path, clock)
    for n, state in enumerate(STATES):
        log.record(event(state, at_s=60.0 * n), clock.at(60.0 * n))
    yield log
    log.close()


def run(capsys, *argv):
    code = main(["log", *map(str, argv)])
    output = capsys.readouterr()
    return code, output.out.splitlines(), output.err


def test_people_see_time_state_confidence_and_duration(capsys, path, log):
    code, lines, _ = run(capsys, "--db", path)
    assert code == EXIT_OK
    assert lines == [
        "2026-11-20 23:10:05  no_speech                    1 min 00 s",
        "2026-11-20 23:11:05  calm        72% #######...   1 min 00 s",
        "2026-11-20 23:12:05  angry       72% #######...   1 min 00 s",
        "2026-11-20 23:13:05  sad         72% #######...",
    ]


def test_a_time_from_an_unset_clock_is_marked(capsys, path):
    clock = StoppedClock(synced=False)
    log = begun(path, clock)
    log.record(event("calm"), clock.at(0.0))
    log.close()
    assert run(capsys, "--db", path)[1][0].startswith("2026-11-20 23:10:05? calm")


def test_a_state_that_was_cut_off_is_marked(capsys, path, log, clock):
    log.close()
    begun(path, clock).close()
    assert run(capsys, "--db", path)[1][-1].endswith("0.0 s  (interrupted)")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--state", "angry, sad"], ["angry", "sad"]),
        (["--limit", "1"], ["sad"]),
        (["--limit", "0"], []),
        (["--since", "2026-11-20T23:12"], ["angry", "sad"]),
        (["--until", "2026-11-20T23:12"], ["no_speech", "calm"]),
        (["--since", "2026-11-20", "--state", "calm"], ["calm"]),
        (["--since", "2026-11-21"], []),
    ],
)
def test_a_selection(capsys, path, log, options, expected):
    code, lines, _ = run(capsys, "--db", path, "--json", *options)
    assert code == EXIT_OK
    assert [json.loads(line)["state"] for line in lines] == expected


def test_since_counts_back_from_now(capsys, path):
    clock = StoppedClock(wall=datetime.now().astimezone() - timedelta(hours=3))
    log = begun(path, clock)
    log.record(event("sad"), clock.at(0.0))
    log.record(event("calm"), clock.at(2 * 3600.0))
    log.close()
    lines = run(capsys, "--db", path, "--json", "--since", "2h")[1]
    assert [json.loads(line)["state"] for line in lines] == ["calm"]


def test_a_table_shows_the_newest_fifty_and_an_export_everything(capsys, path, clock):
    log = begun(path, clock)
    for n in range(60):
        log.record(event(at_s=float(n)), clock.at(float(n)))
    log.close()
    assert len(run(capsys, "--db", path)[1]) == 50
    assert len(run(capsys, "--db", path, "--since", "2026-11-20")[1]) == 60
    assert len(run(capsys, "--db", path, "--json")[1]) == 60
    assert len(run(capsys, "--db", path, "--csv")[1]) == 61


def test_csv_has_a_header(capsys, path, log):
    rows = list(csv.DictReader(run(capsys, "--db", path, "--csv")[1]))
    assert [row["state"] for row in rows] == STATES
    assert rows[2]["p_angry"] == "0.72"


def test_alarms_show_what_became_of_them(capsys, path, log, clock):
    log.record_changes([change()], clock.at(200.0))
    answered = change("acknowledged", reason="acknowledged", who="page: anna", note="a dream")
    log.record_changes([answered], clock.at(230.0))
    assert run(capsys, "--db", path, "--alerts")[1] == [
        (
            "2026-11-20 23:13:25  distress         raised       urgent   81%"
            "  sad or angry for 12 s of the last 20 s"
        ),
        (
            "2026-11-20 23:13:55  distress         acknowledged urgent   81%"
            '  acknowledged, by page: anna, "a dream"'
        ),
    ]
    (_, line) = run(capsys, "--db", path, "--alerts", "--json")[1]
    told = json.loads(line)
    assert (told["alarm"], told["who"], told["note"]) == ("a1", "page: anna", "a dream")
    rows = list(csv.DictReader(run(capsys, "--db", path, "--alerts", "--csv")[1]))
    assert [row["notify"] for row in rows] == ["mqtt phone"] * 2


def test_actions_and_feedback(capsys, path, log, clock):
    until = clock.at(900.0).wall
    log.record_action(Action(action="snoozed", who="button", until=until), clock.at(0.0))
    log.record_action(Action(action="muted", who="page: anna", note="visit"), clock.at(60.0))
    log.record_feedback(
        Feedback(
            verdict="wrong",
            heard_at=clock.at(30.0).wall,
            who="page: anna",
            truth="happy",
            alarm="a1",
            note="the radio",
        ),
        clock.at(90.0),
    )
    log.record_feedback(
        Feedback(verdict="right", heard_at=clock.at(60.0).wall, who="page: anna"), clock.at(91.0)
    )
    assert run(capsys, "--db", path, "--actions")[1] == [
        "2026-11-20 23:10:05  snoozed      until 23:25, by button",
        '2026-11-20 23:11:05  muted        by page: anna, "visit"',
    ]
    assert run(capsys, "--db", path, "--feedback")[1] == [
        (
            "2026-11-20 23:11:35  wrong alarm of 2026-11-20 23:10:35"
            '  it was happy, by page: anna, "the radio"'
        ),
        "2026-11-20 23:11:36  right state of 2026-11-20 23:11:05  by page: anna",
    ]
    first, second = csv.DictReader(run(capsys, "--db", path, "--feedback", "--csv")[1])
    assert (first["verdict"], first["truth"], first["alarm"]) == ("wrong", "happy", "a1")
    assert (second["verdict"], second["truth"], second["alarm"]) == ("right", "", "")


def test_minutes_and_notes(capsys, path, log, clock):
    log.record_minute(minute(), clock.at(240.0))
    log.note("microphone", "it has gone", clock.at(250.0))
    assert run(capsys, "--db", path, "--minutes")[1] == [
        (
            "2026-11-20 23:14:05  speech 18.5 s, level  -44.4 dBFS (max -20.1), model 4.2 ms: "
            "no_speech 42 s, angry 18 s"
        )
    ]
    assert run(capsys, "--db", path, "--notes")[1] == [
        "2026-11-20 23:10:05  start        small 1.2.0 3fa94c01",
        "2026-11-20 23:14:15  microphone   it has gone",
    ]


def test_an_empty_log_is_told(capsys, path, clock):
    begun(path, clock).close()
    code, lines, _ = run(capsys, "--db", path)
    assert (code, lines) == (EXIT_OK, [f"nothing in the log {path} yet"])


def test_a_selection_that_nothing_fits_is_told(capsys, path, log):
    lines = run(capsys, "--db", path, "--state", "happy")[1]
    assert lines == [f"nothing in the log {path} fits; try a longer time or more states"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--since", "soon"], "'soon' is no time; expected for example 90m"),
        (["--state", "angri"], "'angri' is no state, did you mean 'angry'?"),
        (["--state", "sad", "--alerts"], "--state selects states; leave out the other"),
        (["--limit", "-1"], "--limit -1 is negative"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(capsys, path, log, options, expected):
    code, lines, message = run(capsys, "--db", path, *options)
    assert (code, lines) == (EXIT_USAGE, [])
    assert expected in message


def test_no_log_is_no_input(capsys, path):
    code, _, message = run(capsys, "--db", path)
    assert code == EXIT_NO_INPUT
    assert f"there is no log {path} yet" in message


def test_a_file_that_is_no_log_is_an_io_error(capsys, path):
    path.write_text("no database" * 1000)
    code, _, message = run(capsys, "--db", path)
    assert code == EXIT_IO
    assert "cannot be read" in message


def test_the_configured_log_is_read(capsys, tmp_path, path, log):
    config = tmp_path / "config.toml"
    config.write_text("[log]\npath = 'log.db'\n")
    assert len(run(capsys, "--config", config)[1]) == len(STATES)
    config.write_text("[log]\npat = 'log.db'\n")
    assert run(capsys, "--config", config)[0] == EXIT_CONFIG


def test_the_log_in_the_state_directory_is_read(capsys, tmp_path, path, log, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert len(run(capsys)[1]) == len(STATES)


@pytest.fixture
def follower(path, log):
    command = [sys.executable, "-m", "edge", "log", "--follow", "--json", "--db", str(path)]
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        yield process
        process.kill()


def next_state(process):
    return json.loads(process.stdout.readline())["state"]


def test_follow_prints_what_is_there_and_what_comes(follower, log, clock):
    assert [next_state(follower) for _ in STATES] == STATES
    log.record(event("happy", at_s=300.0), clock.at(300.0))
    assert next_state(follower) == "happy"
    log.close()
    log.begin_session(SESSION, clock.at(310.0))
    log.record(event("calm", at_s=320.0), clock.at(320.0))
    assert next_state(follower) == "calm"
    follower.send_signal(signal.SIGINT)
    assert follower.wait(PATIENCE_S) == EXIT_OK
    assert follower.stderr.read() == ""


def test_follow_goes_on_with_a_new_file(follower, path, log, clock):
    assert [next_state(follower) for _ in STATES] == STATES
    for part in path.parent.glob("log.db*"):
        part.unlink()
    log.record(event("happy", at_s=300.0), clock.at(300.0))
    assert next_state(follower) == "happy"


def test_follow_ends_quietly_with_the_reader_of_its_pipe(follower, log, clock):
    assert next_state(follower) == STATES[0]
    follower.stdout.close()
    log.record(event("happy", at_s=300.0), clock.at(300.0))
    assert follower.wait(PATIENCE_S) == EXIT_OK
    assert follower.stderr.read() == ""
