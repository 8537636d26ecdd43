from __future__ import annotations

import json
import random
import tomllib
from dataclasses import replace
from datetime import timedelta

import pytest

from edge.contract.tables import from_table, to_table
from edge.decide.alerts import AlertRule
from edge.decide.feedback import FeedbackExport
from tests.trainer.tuning.diary import QUIET, RULE, Diary, noon, television
from trainer.cli.main import main
from trainer.tuning.choice import Proposal, TooLittle, propose
from trainer.tuning.moments import Score, moments, score_by_day
from trainer.tuning.replay import calls
from trainer.tuning.words import lines


def replayed(diary: Diary, rule: AlertRule = RULE) -> list[str]:
    return [f"{at:%d %H:%M:%S}" for at in calls(diary.stretches, rule, hop_s=0.5)]


def test_the_replay_calls_when_the_rule_has_held_long_enough():
    diary = Diary()
    diary.distress(noon(0), 0.7)
    assert replayed(diary) == ["01 12:00:08"]
    assert replayed(diary, replace(RULE, hold_s=12.0)) == ["01 12:00:12"]
    assert replayed(diary, replace(RULE, hold_s=16.0)) == []
    assert replayed(diary, replace(RULE, confidence=0.8)) == []


def test_the_replay_adds_up_what_lies_within_the_time_of_the_rule_and_forgets_the_rest():
    diary = Diary()
    for start_s in (0, 10):
        diary.hear(noon(0) + timedelta(seconds=start_s), {"sad": 0.9, "calm": 0.1}, seconds=5)
        diary.hear(noon(0) + timedelta(seconds=start_s + 5), QUIET, seconds=5)
    assert replayed(diary) == ["01 12:00:13"]
    assert replayed(diary, replace(RULE, within_s=10.0)) == []


def test_the_replay_keeps_cooldown_and_quiet_hours():
    diary = Diary()
    for minute in (0, 2, 10):
        diary.distress(noon(0) + timedelta(minutes=minute), 0.9)
    assert replayed(diary) == ["01 12:00:08", "01 12:10:08"]
    assert replayed(diary, replace(RULE, cooldown_s=60.0)) == [
        "01 12:00:08",
        "01 12:02:08",
        "01 12:10:08",
    ]
    assert replayed(diary, replace(RULE, quiet_hours=("11:00-12:05",))) == ["01 12:10:08"]


def test_a_gap_in_the_log_is_silence_and_not_a_cause():
    diary = Diary()
    diary.hear(noon(0), {"sad": 0.9, "calm": 0.1}, seconds=6)
    diary.hear(noon(0) + timedelta(hours=1), {"sad": 0.9, "calm": 0.1}, seconds=6)
    assert replayed(diary) == []


@pytest.mark.parametrize(
    ("verdict", "alarm", "truth", "expected"),
    [
        ("right", True, None, True),
        ("wrong", True, None, False),
        ("wrong", True, "happy", False),
        ("wrong", True, "angry", True),
        ("wrong", False, "sad", True),
        ("wrong", False, "calm", False),
        ("wrong", False, None, None),
        ("right", False, None, None),
    ],
)
def test_what_a_verdict_says_of_a_rule(verdict, alarm, truth, expected):
    diary = Diary()
    diary.judge(noon(0), verdict, alarm=alarm, truth=truth)
    found = [moment.is_wanted for moment in moments(diary.export(), RULE)]
    assert found == ([] if expected is None else [expected])


def test_an_alarm_of_another_rule_says_nothing_of_this_one():
    diary = Diary(rules=(replace(RULE, name="other"), RULE))
    diary.judge(noon(0), "wrong", alarm=True)
    assert moments(diary.export(), RULE) == []


def test_calls_are_missed_false_or_unjudged_on_their_day():
    diary = Diary()
    diary.judge(noon(0), "right", alarm=True)
    diary.judge(noon(1), "wrong", alarm=True)
    diary.judge(noon(2), "right", alarm=True)
    judged = moments(diary.export(), RULE)
    made = [noon(0) + timedelta(seconds=40), noon(1), noon(1) + timedelta(hours=3)]
    assert score_by_day(made, judged) == {
        "2026-11-01": Score(n_wanted=1),
        "2026-11-02": Score(n_false=1, n_unjudged=1),
        "2026-11-03": Score(n_wanted=1, n_missed=1),
    }


def test_what_a_television_teaches():
    found = propose(television().export(), RULE, missed_costs=5.0)
    assert isinstance(found, Proposal)
    assert found.is_better
    assert (found.before.n_false, found.before.n_missed) == (20, 0)
    assert (found.after.n_false, found.after.n_missed) == (0, 0)
    assert found.n_found == found.n_logged == 30
    told = "\n".join(lines(found))
    settings = tomllib.loads(told[told.index("  [[alert]]") :])
    (table,) = settings["alert"]
    chosen = from_table(AlertRule, table, path="")
    assert (chosen.confidence, chosen.hold_s, chosen.within_s) == (
        found.chosen.confidence,
        found.chosen.hold_s,
        found.chosen.within_s,
    )
    assert chosen.confidence > 0.65


def test_nothing_is_proposed_where_verdicts_follow_nothing():
    diary = Diary()
    chance = random.Random(1)
    for day in range(10):
        for hour in range(3):
            at = noon(day) + timedelta(hours=hour)
            diary.distress(at, chance.choice((0.65, 0.75, 0.85)), seconds=chance.uniform(9, 19))
            diary.judge(at, chance.choice(("right", "wrong")), alarm=True)
    found = propose(diary.export(), RULE, missed_costs=1.0)
    assert isinstance(found, Proposal)
    assert not found.is_better
    assert "leave it" in "\n".join(lines(found))


def test_a_rule_that_would_call_all_night_is_not_free():
    diary = television()
    for day in range(10):
        for hour in range(5):
            diary.distress(noon(day) + timedelta(hours=6 + hour), 0.5)
        at = noon(day) + timedelta(minutes=30)
        diary.distress(at, 0.5)
        diary.judge(at, "wrong", alarm=False, truth="sad")
    cheap = propose(diary.export(), RULE, missed_costs=1.0)
    dear = propose(diary.export(), RULE, missed_costs=100.0)
    assert isinstance(cheap, Proposal)
    assert isinstance(dear, Proposal)
    assert cheap.chosen.confidence > 0.5
    assert dear.chosen.confidence <= 0.5
    assert dear.after.n_unjudged >= 50


@pytest.mark.parametrize(
    ("diary", "need"),
    [
        (television(days=3), "verdicts on 4 days, there are 3"),
        (Diary(), "12 verdicts in all, there are 0"),
    ],
)
def test_too_little_is_said_to_be_too_little(diary, need):
    found = propose(diary.export(), RULE, missed_costs=5.0)
    assert isinstance(found, TooLittle)
    assert f"  needed: {need}" in lines(found)


def test_false_alarms_alone_teach_never_to_call_and_so_teach_nothing():
    diary = television()
    diary.judgements = [j for j in diary.judgements if j.verdict == "wrong"]
    found = propose(diary.export(), RULE, missed_costs=5.0)
    assert isinstance(found, TooLittle)
    assert found.missing == ("4 moments at which somebody was needed, there are 0",)


def test_the_file_goes_through_the_command_line(tmp_path, capsys):
    path = tmp_path / "home.json"
    export = television().export()
    path.write_text(json.dumps(to_table(export)))
    assert from_table(FeedbackExport, json.loads(path.read_text()), path="") == export
    assert main(["tune-alerts", str(path)]) == 0
    told = capsys.readouterr().out
    assert "missed, where one was needed" in told
    assert "[[alert]]" in told


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (None, 66, "cannot be read"),
        (b"SQLite format 3\0...", 2, "ser-edge feedback export"),
        (b"{", 65, "is no feedback export"),
        (b'{"version": 2}', 65, "is no feedback export"),
        (b"\xff\xfe", 65, "is no feedback export"),
    ],
)
def test_another_file_is_refused_in_one_sentence(tmp_path, capsys, content, code, said):
    path = tmp_path / "home.json"
    if content is not None:
        path.write_bytes(content)
    assert main(["tune-alerts", str(path)]) == code
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1
