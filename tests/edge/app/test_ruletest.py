"""Recordings and logs played to rules: the real model, the real log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.app.ruletest import Rehearsed, is_log, rehearse_log, rehearse_recording
from edge.config.settings import AdaptationConfig, Config
from edge.decide.alerts import AlertRule
from edge.decide.outcomes import Cause
from edge.errors import NoInputError, RecordError
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.stream.vad import GateSettings
from tests.edge.record.samples import EVENING, StoppedClock, begun, change, event
from tests.fakes.sound import block, bundled, classifier, sample
from tests.support import REPOSITORY

ROOM = REPOSITORY / "edge" / "samples" / "room.flac"
KEEN = AlertRule(name="keen", when=("activated",), confidence=0.5, hold_s=1.0, within_s=2.0)
ANGRY = AlertRule(name="angry", when=("angry",), hold_s=4.0, within_s=10.0, cooldown_s=60.0)
NIGHT = datetime(2026, 11, 26, 3, 10, tzinfo=UTC)


def phases(rehearsed: Rehearsed) -> list[tuple[float, str]]:
    return [(round(told.at_s, 1), told.change.phase) for told in rehearsed.play.told]


def test_a_recording_has_the_causes_that_the_pipeline_finds() -> None:
    rehearsed = rehearse_recording(ROOM, Config(alert=(KEEN,)), began=NIGHT)
    scorer = WindowScorer(classifier(), gate=GateSettings(), decision=bundled().manifest.decision)
    pipeline = EmotionPipeline(scorer, rules=[KEEN])
    heard = [*pipeline.push(block(sample())), *pipeline.flush()]
    began = [o.at_sample / 16000 for o in heard if isinstance(o, Cause) and o.phase == "began"]
    (story,) = rehearsed.play.stories
    assert [cause.from_s for cause in story.causes] == began
    assert began
    assert rehearsed.play.told[0].at_s == began[0]
    assert rehearsed.play.told[0].at.wall == NIGHT + timedelta(seconds=began[0])
    assert rehearsed.duration_s == pytest.approx(len(sample()) / 16000)
    assert rehearsed.remarks == ()


def test_what_a_recording_cannot_tell_is_said() -> None:
    config = Config(alert=(KEEN,), adaptation=AdaptationConfig(enabled=True))
    (remark,) = rehearse_recording(ROOM, config, began=NIGHT).remarks
    assert remark == "the person's usual voice is left out of account"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


def written(path: Path, *events: tuple[str, float], end_s: float) -> StoppedClock:
    clock = StoppedClock()
    log = begun(path, clock)
    for state, at_s in events:
        log.record(event(state, at_s=at_s), clock.at(at_s))
    log.end_session(clock.at(end_s))
    log.close()
    return clock


def rehearsed(path: Path, *rules: AlertRule, **bounds: datetime | None) -> Rehearsed:
    times = {"since": None, "until": None} | bounds
    return rehearse_log(path, Config(alert=rules or (ANGRY,)), **times)


def test_a_log_is_played_with_its_times(path: Path) -> None:
    written(path, ("no_speech", 0.0), ("angry", 600.0), ("no_speech", 620.0), end_s=9000.0)
    found = rehearsed(path)
    assert phases(found) == [(604.0, "raised"), (628.5, "quieted"), (4204.0, "ended")]
    assert found.play.told[0].at.wall == EVENING + timedelta(seconds=604)
    assert found.model == "small 1.2.0 3fa94c01"
    assert found.duration_s == 9000.0
    assert found.began == EVENING
    assert found.remarks


def test_who_acknowledged_does_so_again(path: Path) -> None:
    clock = StoppedClock()
    log = begun(path, clock)
    log.record(event("angry", at_s=0.0), clock.at(0.0))
    done = change("acknowledged", rule="angry", who="page: anna")
    log.record_changes([done], clock.at(10.0), messages=[])
    log.end_session(clock.at(200.0))
    log.close()
    found = rehearsed(path)
    assert phases(found)[:2] == [(4.0, "raised"), (10.0, "acknowledged")]
    assert found.play.told[1].change.who == "page: anna"
    assert phases(found)[2] == (70.0, "raised")


def test_a_clock_that_went_back_makes_no_time_undone(path: Path) -> None:
    clock = written(path, ("angry", 0.0), ("no_speech", 30.0), end_s=60.0)
    clock.wall = EVENING - timedelta(days=300)
    log = begun(path, clock)
    log.record(event("angry", at_s=0.0), clock.at(0.0))
    log.end_session(clock.at(30.0))
    log.close()
    found = rehearsed(path, since=EVENING - timedelta(days=999))
    assert phases(found)[:2] == [(4.0, "raised"), (38.5, "quieted")]
    assert found.duration_s == pytest.approx(60.0, abs=31.0)


def test_a_state_that_lasts_is_known_so_far(path: Path) -> None:
    clock = StoppedClock()
    log = begun(path, clock)
    log.record(event("angry", at_s=0.0), clock.at(0.0))
    log.close()
    found = rehearsed(path)
    assert phases(found) == []
    assert found.duration_s == 0.0


def test_only_some_of_a_log(path: Path) -> None:
    written(path, ("angry", 0.0), ("no_speech", 20.0), ("angry", 7200.0), end_s=7300.0)
    found = rehearsed(path, since=EVENING + timedelta(hours=1))
    assert phases(found)[0] == (4.0, "raised")
    assert found.began == EVENING + timedelta(hours=2)
    with pytest.raises(RecordError, match="has no states of that time; `ser-edge log --db"):
        rehearsed(path, since=EVENING + timedelta(hours=3))


def test_the_newest_week_is_the_usual_one(path: Path) -> None:
    week_s = 7 * 86_400.0
    written(path, ("angry", 0.0), ("no_speech", 30.0), ("sad", week_s + 60.0), end_s=week_s + 70)
    assert rehearsed(path).began == EVENING + timedelta(seconds=week_s + 60)


def test_a_log_is_told_from_a_recording(path: Path) -> None:
    written(path, ("sad", 0.0), end_s=1.0)
    assert is_log(path)
    assert not is_log(ROOM)
    with pytest.raises(NoInputError, match="cannot be read: No such file"):
        is_log(path.with_name("none.wav"))
