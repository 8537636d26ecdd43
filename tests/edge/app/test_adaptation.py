from __future__ import annotations

import errno
import json
import stat
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.app import adaptation, calibrating
from edge.app.adaptation import Consent
from edge.app.relating import Relating
from edge.contract.tables import to_table
from edge.decide.baseline import with_window
from edge.decide.outcomes import Scores
from edge.errors import CalibrationError, StoreError
from edge.store.locks import locked
from tests.fakes.sound import bundled
from tests.fakes.sources import FakeClock

MODEL = bundled().manifest.sha256
REFERENCE = adaptation.reference_of(MODEL)
CONSENT = Consent(agreed_by="Anna", agreed_at="2026-11-26T12:00:00+01:00", wording="1")
NOW = datetime.fromisoformat("2026-11-26T12:00:00+01:00")
SAD = {"calm": 0.1, "sad": 0.7, "angry": 0.2}
WINDOW = Scores(
    start_sample=0,
    end_sample=48000,
    speech_s=3.0,
    level_dbfs=-30.0,
    is_speech=True,
    probabilities=SAD,
    inference_ms=1.0,
)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "state" / "adaptation.json"


def begun(path, *, lasts: timedelta = timedelta(minutes=5)):
    found = adaptation.begun(MODEL, REFERENCE, CONSENT, until=NOW + lasts)
    adaptation.write(path, found)
    return found


class House:
    """A pipeline's place in which windows are heard, and a clock."""

    def __init__(self, path, *, is_gatherer=True):
        self.clock = FakeClock()
        self.pipeline = SimpleNamespace(normal=None)
        self.trouble: tuple[str, ...] = ()
        self.relating = Relating(
            path,
            on_trouble=self.told,
            is_gatherer=is_gatherer,
            monotonic=self.clock.monotonic,
            now=lambda: NOW + timedelta(seconds=self.clock.monotonic() - self.began),
        )
        self.began = self.clock.monotonic()

    def told(self, *trouble):
        self.trouble = trouble

    def hear(self, *, seconds, enabled=True, model=MODEL):
        for _ in range(round(2 * seconds)):
            self.relating.turn(self.pipeline, model=model, enabled=enabled)
            if self.pipeline.normal:
                self.pipeline.normal.take(WINDOW, hop_length=8000)
            self.clock.sleep(0.5)


def test_it_is_read_back_as_it_was_written_and_only_owner_and_group_may_read(path):
    found = begun(path)
    usual = with_window(found.usual, SAD, REFERENCE, fresh_s=0.5)
    changed = adaptation.change(path, adaptation.gathered(usual))
    assert adaptation.read(path) == changed == replace(found, usual=usual)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert {p.name for p in path.parent.iterdir()} == {"adaptation.json", ".adaptation.lock"}


def test_a_file_that_is_gone_or_another_one_is_not_changed(path):
    found = begun(path)
    assert adaptation.change(path, adaptation.gathered(found.usual), of="another") is None
    assert adaptation.delete(path)
    assert adaptation.change(path, adaptation.gathered(found.usual)) is None
    assert adaptation.read(path) is None
    assert not adaptation.delete(path)


def test_a_full_disk_leaves_the_old_file_whole_and_says_so(path, monkeypatch):
    found = begun(path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("edge.store.durable.os.fsync", full)
    usual = with_window(found.usual, SAD, REFERENCE, fresh_s=0.5)
    with pytest.raises(StoreError, match="make room on it"):
        adaptation.change(path, adaptation.gathered(usual))
    house = House(path)
    house.hear(seconds=65)
    assert house.pipeline.normal.usual.n_windows > 100
    monkeypatch.undo()
    assert adaptation.read(path) == found
    assert {p.name for p in path.parent.iterdir()} == {"adaptation.json", ".adaptation.lock"}
    house.hear(seconds=40)
    assert adaptation.read(path).usual.n_windows > 150


def test_whoever_waits_for_the_service_sees_how_far_it_is_until_the_time_is_over(path):
    adaptation.write(
        path,
        adaptation.begun(MODEL, REFERENCE, CONSENT, until=calibrating.now() + timedelta(days=1)),
    )
    steps = calibrating.follow(path, sleep=lambda _s: None)
    assert next(steps).usual.n_windows == 0
    heard = with_window(next(steps).usual, SAD, REFERENCE, fresh_s=0.5)
    adaptation.change(path, adaptation.gathered(heard))
    step = next(steps)
    assert (step.usual, round(step.left_s / 3600)) == (heard, 24)
    over = (calibrating.now() - timedelta(seconds=1)).isoformat()
    adaptation.change(path, lambda found: replace(found, gathers_until=over))
    assert list(steps) == []


def _table(**changes) -> str:
    found = adaptation.begun(MODEL, REFERENCE, CONSENT, until=NOW)
    return json.dumps(to_table(found) | changes)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no calibration"),
        (b"\0" * 300, "is no calibration"),
        (b"\xff\xfe", "is no calibration"),
        (b"[]", "expected a table"),
        (_table(version=2).encode(), "version"),
        (_table(gathers_until="soon").encode(), "is no calibration"),
        (_table(more=1).encode(), "unknown key"),
        (_table(usual={"n_windows": 1, "speech_s": 1.0, "kinds": {}}).encode(), "kinds is empty"),
        (
            _table(usual={"n_windows": 0, "speech_s": 0.0, "kinds": {"sad": {"mean": 7}}}).encode(),
            "usual.kinds.sad.mean",
        ),
    ],
)
def test_another_file_is_one_sentence_and_decisions_stay_plain(path, content, said):
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(CalibrationError, match="ser-edge calibrate reset"):
        adaptation.read(path)
    house = House(path)
    house.hear(seconds=3)
    assert house.pipeline.normal is None
    (sentence,) = house.trouble
    assert said in sentence
    assert "decisions are plain" in sentence
    assert path.read_bytes() == content


def test_the_service_gathers_while_it_may_and_writes_it_down(path):
    begun(path)
    house = House(path)
    house.hear(seconds=290)
    assert house.pipeline.normal.gathers
    house.hear(seconds=40)
    assert not house.pipeline.normal.gathers
    kept = adaptation.read(path)
    assert kept.usual == house.pipeline.normal.usual
    assert 590 <= kept.usual.n_windows <= 603
    assert kept.usual.is_known
    assert house.pipeline.normal.moves


def test_what_was_gathered_outlives_a_restart_but_for_the_last_seconds(path):
    begun(path)
    House(path).hear(seconds=120)
    again = House(path)
    again.hear(seconds=1)
    assert again.pipeline.normal.usual.n_windows >= 2 * 85


def test_a_reset_while_it_gathers_is_a_reset(path):
    begun(path)
    house = House(path)
    house.hear(seconds=60)
    adaptation.delete(path)
    house.hear(seconds=120)
    assert house.pipeline.normal is None
    assert not path.exists()
    begun(path)
    house.hear(seconds=10)
    assert house.pipeline.normal.usual.n_windows < 25


def test_another_process_that_changes_the_file_just_now_makes_nobody_wait(path):
    begun(path)
    house = House(path)
    with locked(path.with_name(".adaptation.lock"), patience_s=1.0):
        house.hear(seconds=70)
        assert adaptation.read(path).usual.n_windows == 0
    house.hear(seconds=40)
    assert adaptation.read(path).usual.n_windows > 130


def test_a_switch_changes_nothing_that_was_gathered(path):
    begun(path)
    house = House(path)
    house.hear(seconds=200)
    adaptation.change(path, lambda found: replace(found, paused=True))
    house.hear(seconds=2)
    assert not house.pipeline.normal.moves
    assert house.pipeline.normal.usual.n_windows > 390
    adaptation.change(path, lambda found: replace(found, paused=False))
    house.hear(seconds=2)
    assert house.pipeline.normal.moves
    house.hear(seconds=2, enabled=False)
    assert not house.pipeline.normal.moves


def test_a_recording_beside_the_service_uses_what_is_known_and_adds_nothing(path):
    begun(path)
    house = House(path, is_gatherer=False)
    house.hear(seconds=60)
    assert house.pipeline.normal is not None
    assert adaptation.read(path).usual.n_windows == 0


def test_a_pipeline_that_takes_over_is_given_it_at_once(path):
    begun(path)
    house = House(path)
    house.hear(seconds=5)
    house.pipeline = SimpleNamespace(normal=None)
    house.relating.turn(house.pipeline, model=MODEL, enabled=True)
    assert house.pipeline.normal is house.relating.normal


def test_with_another_model_decisions_are_plain_until_the_first_is_back(path):
    begun(path)
    house = House(path)
    house.hear(seconds=60)
    known = house.pipeline.normal.usual.n_windows
    house.hear(seconds=60, model="f" * 64)
    assert house.pipeline.normal is None
    assert "another model" in house.trouble[0]
    house.hear(seconds=2)
    assert house.trouble == ()
    assert house.pipeline.normal.usual.n_windows >= known - 60
