"""New models and settings while it listens: nobody who hears the outcomes can tell."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.decide.outcomes import Cause, Event, Outcome, Scores
from edge.errors import SerError
from tests.edge.app.house import (
    CONFIG,
    Failing,
    House,
    blocks,
    installed,
    let_be,
    slow,
    store,
)
from tests.fakes.sound import cut

HERE = 600  # blocks: in the middle of speech, while an alarm sounds or cools down


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def house(config: Path) -> House:
    return House(config)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    path = tmp_path_factory.mktemp("undisturbed") / "config.toml"
    path.write_text(CONFIG)
    house = House(path)
    house.hear(blocks())
    return without_times(house.outcomes)


def without_times(outcomes: list[Outcome]) -> list[Outcome]:
    """Return the outcomes less the one figure that is not from the sound."""
    found: list[Outcome] = []
    for outcome in outcomes:
        changes = {} if isinstance(outcome, Cause) else {"inference_ms": 0.0}
        values = {name: getattr(outcome, name) for name in outcome.__slots__}
        found.append(type(outcome)(**(values | changes)))
    return found


def test_the_story_has_events_and_alarms(undisturbed: list[Outcome]) -> None:
    assert {type(outcome) for outcome in undisturbed} == {Scores, Event, Cause}


def test_a_model_is_taken_tried_and_confirmed_and_nothing_is_missed(
    house: House, undisturbed: list[Outcome]
) -> None:
    house.hear(blocks()[:HERE])
    model = installed("2")
    store().switch(model.id)
    house.settle()
    assert (house.model_id, house.renewal.on_trial) == (model.id, True)
    house.hear(blocks()[HERE : HERE + 240])
    assert house.renewal.on_trial
    house.hear(blocks()[HERE + 240 : HERE + 350])
    house.settle()
    assert not house.renewal.on_trial
    last = store().last_trial()
    assert last
    assert (last.model, last.outcome) == (model.id, "confirmed")
    house.hear(blocks()[HERE + 350 :])
    assert house.model_id == model.id
    assert without_times(house.outcomes) == undisturbed
    assert house.troubles.sentences == ()
    assert not house.ears.pipeline.scorer.infers_always


def test_a_trial_waits_while_the_microphone_is_muted(house: House) -> None:
    house.hear(blocks()[:HERE])
    model = installed("2")
    store().switch(model.id)
    house.settle()
    house.hear(blocks()[HERE : HERE + 50])
    house.outcomes += house.ears.pause()
    house.wait(3600)
    assert (house.model_id, house.renewal.on_trial) == (model.id, True)
    house.ears.resume()
    house.wait(1)
    house.hear(blocks()[HERE + 50 : HERE + 400])
    house.settle()
    assert (house.model_id, house.renewal.on_trial) == (model.id, False)
    assert store().last_trial().outcome == "confirmed"


def test_loading_goes_on_beside_the_loop(house: House, undisturbed: list[Outcome]) -> None:
    house.hear(blocks()[:HERE])
    store().switch(installed("2").id)
    house.hear(blocks()[HERE:])  # as fast as it can, while the model is loaded
    house.settle()
    house.settle()
    assert house.model_id is not None
    assert without_times(house.outcomes) == undisturbed


@pytest.mark.parametrize("quiet", [False, True])
def test_a_model_that_fails_on_live_sound_is_taken_back(
    house: House, undisturbed: list[Outcome], quiet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_be(monkeypatch, "2", Failing)
    noise = np.random.default_rng(0).normal(0, 1e-4, 3 * 16000).astype(np.float32)
    house.hear(blocks()[:HERE])
    store().switch(installed("2").id)
    house.settle()
    assert house.renewal.on_trial
    if quiet:  # nobody speaks: the model is tried all the same
        house.hear(cut(noise, list(range(0, len(noise), 320))))
    else:
        house.hear(blocks()[HERE:])
    house.settle()
    assert (house.model_id, house.renewal.on_trial) == (None, False)
    last = store().last_trial()
    assert last
    assert last.outcome == "reverted"
    assert last.why == "it failed on live sound: RuntimeError: the interpreter broke"
    assert store().current_id() is None
    assert house.troubles.sentences == (f"model kitchen 2 was taken back: {last.why}",)
    if not quiet:
        assert without_times(house.outcomes) == undisturbed


def test_a_slow_model_is_taken_back(
    house: House, undisturbed: list[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    let_be(monkeypatch, "2", slow(house.clock, 0.7))
    house.hear(blocks()[:HERE])
    store().switch(installed("2").id)
    house.settle()
    house.hear(blocks()[HERE:])
    house.settle()
    assert house.model_id is None
    last = store().last_trial()
    assert last
    assert last.why.startswith("a window takes it 7")
    assert without_times(house.outcomes) == undisturbed


@pytest.mark.parametrize("heard", [True, False])
def test_a_model_that_nobody_could_judge_is_taken_back(house: House, heard: bool) -> None:
    house.hear(blocks()[: 50 if heard else 0])
    store().switch(installed("2").id)
    house.settle()
    house.wait(5.5)
    assert house.renewal.on_trial is not heard
    house.wait(46.0)
    assert not house.renewal.on_trial
    last = store().last_trial()
    assert last
    assert "nobody could judge it" in last.why
    assert store().current_id() is None


def damage(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-100])


def test_a_model_that_cannot_be_loaded_changes_nothing(
    house: House, undisturbed: list[Outcome]
) -> None:
    house.hear(blocks()[:HERE])
    model = installed("2")
    store().switch(model.id)
    damage(model.path)
    house.settle()
    house.hear(blocks()[HERE:])
    assert house.model_id is None
    assert store().current_id() is None
    assert any("SHA-256" in sentence for sentence in house.troubles.sentences)
    assert without_times(house.outcomes) == undisturbed


def test_golden_cases_that_come_out_otherwise_end_the_trial(house: House) -> None:
    from dataclasses import replace

    from tests.edge.store.models import added, packed
    from tests.fakes.sound import bundled

    wrong = [replace(case, logits=case.logits + 9) for case in bundled().golden]
    model = added(store(), "2", content=packed(version="2", golden=wrong))
    store().switch(model.id)
    house.hear(blocks()[:60])
    house.settle()
    last = store().last_trial()
    assert last
    assert last.outcome == "reverted"
    assert "golden case" in last.why
    assert (house.model_id, store().current_id()) == (None, None)


def test_a_model_with_which_no_pipeline_can_be_made_is_taken_back(
    house: House, undisturbed: list[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.hear(blocks()[:HERE])
    store().switch(installed("2").id)

    def breaks(*_: object) -> None:
        raise ZeroDivisionError("oh")

    with monkeypatch.context() as patch:
        patch.setattr(house.workshop, "_pipeline", breaks)
        house.settle()
    assert (house.model_id, store().current_id()) == (None, None)
    house.hear(blocks()[HERE:])
    house.settle()
    assert without_times(house.outcomes) == undisturbed
    (sentence,) = house.troubles.sentences
    assert "ZeroDivisionError: oh" in sentence


def test_by_hand_one_may_go_back_during_the_trial(house: House, undisturbed: list[Outcome]) -> None:
    house.hear(blocks()[:HERE])
    store().switch(installed("2").id)
    house.settle()
    house.hear(blocks()[HERE : HERE + 50])
    store().rollback()
    house.settle()
    assert (house.model_id, house.renewal.on_trial) == (None, False)
    house.hear(blocks()[HERE + 50 :])
    assert without_times(house.outcomes) == undisturbed


def test_a_proven_model_is_switched_to_without_a_trial(house: House) -> None:
    store().switch(installed("2").id)
    house.settle()
    house.hear(blocks()[:350])
    house.settle()
    assert not house.renewal.on_trial
    store().rollback()
    house.settle()
    assert (house.model_id, house.renewal.on_trial) == (None, False)


def dangle(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    (root / "current").symlink_to("installed/nothing-there")


def garble(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    (root / "current").write_text("no link")
    (root / "trial.json").write_text("{")


def flatten(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    root.write_text("no folder")


@pytest.mark.parametrize("spoil", [dangle, garble, flatten])
def test_a_broken_store_never_stops_the_ears(
    spoil: Callable[[Path], None], config: Path, undisturbed: list[Outcome]
) -> None:
    house = House(config)
    house.hear(blocks()[:HERE])
    spoil(store().root)
    house.settle()
    house.hear(blocks()[HERE:])
    assert without_times(house.outcomes) == undisturbed
    assert len(house.troubles.sentences) <= 2
    again = House(config)
    again.hear(blocks())
    assert without_times(again.outcomes) == undisturbed
    assert again.troubles.sentences or spoil is flatten


def test_wrong_settings_are_refused_and_right_ones_taken(
    house: House, config: Path, undisturbed: list[Outcome]
) -> None:
    house.hear(blocks()[:HERE])
    config.write_text("[decision]\nenter_confidence = 7\n[modle]\n")
    house.renewal.request()
    house.settle()
    assert house.told == ["reloading", "reloaded"]
    (sentence,) = house.troubles.sentences
    assert sentence.startswith("the settings stay as they were: the settings have 2 faults")
    house.hear(blocks()[HERE:])
    assert without_times(house.outcomes) == undisturbed
    config.write_text("[decision]\nenter_confidence = 0.99\n")
    house.renewal.request()
    house.settle()
    assert house.troubles.sentences == ()
    assert house.told == ["reloading", "reloaded", "reloading", "changed", "reloaded"]
    assert house.ears.pipeline.scorer.decision.enter_confidence == 0.99


def test_equal_settings_change_nothing(house: House, undisturbed: list[Outcome]) -> None:
    house.hear(blocks()[:HERE])
    before = house.ears.pipeline
    house.renewal.request()
    house.settle()
    assert house.ears.pipeline is before
    house.hear(blocks()[HERE:])
    assert without_times(house.outcomes) == undisturbed


def test_a_trial_goes_on_over_a_reload(house: House, config: Path) -> None:
    store().switch(installed("2").id)
    house.hear(blocks()[:60])
    house.settle()
    assert house.renewal.on_trial
    config.write_text(CONFIG.replace("hold_s = 1.0", "hold_s = 1.5"))
    house.renewal.request()
    house.settle()
    assert house.renewal.on_trial
    assert house.ears.pipeline.scorer.infers_always
    house.hear(blocks()[:300])
    house.settle()
    last = store().last_trial()
    assert last
    assert last.outcome == "confirmed"


def test_settings_that_name_a_model_end_the_trial(house: House, config: Path) -> None:
    model = installed("2")
    store().switch(model.id)
    house.hear(blocks()[:60])
    house.settle()
    config.write_text(f"{CONFIG}[model]\npath = '{model.path}'\n")
    house.renewal.request()
    house.settle()
    assert (house.model_id, house.renewal.on_trial) == (None, False)
    assert house.renewal.running.model.version == "2"


def test_a_process_that_died_of_a_trial_does_not_try_again(config: Path) -> None:
    first = House(config)
    store().switch(installed("2").id)
    first.settle()
    assert first.renewal.on_trial
    second = House(config)  # as after kill -9
    assert (second.model_id, second.renewal.on_trial) == (None, False)
    assert store().current_id() is None
    (sentence,) = second.troubles.sentences
    assert "the process died while the model was on trial" in sentence


def test_after_a_clean_stop_the_trial_goes_on(config: Path) -> None:
    model = installed("2")
    first = House(config)
    store().switch(model.id)
    first.settle()
    first.workshop.end()
    second = House(config)
    assert (second.model_id, second.renewal.on_trial) == (model.id, True)
    second.hear(blocks()[:500])
    second.settle()
    assert store().trial() is None
    assert not second.renewal.on_trial


def test_a_model_that_was_on_trial_at_the_start_is_taken_back_too(
    config: Path, undisturbed: list[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    let_be(monkeypatch, "2", Failing)
    store().switch(installed("2").id)
    house = House(config)
    assert house.renewal.on_trial
    house.hear(blocks())
    house.settle()
    assert house.model_id is None
    assert store().current_id() is None
    assert without_times(house.outcomes) == undisturbed


def test_at_the_start_a_damaged_model_is_passed_over(config: Path) -> None:
    first, second = installed("1"), installed("2")
    for model in (first, second):
        store().switch(model.id)
        store().confirm(model.id)
    damage(second.path)
    house = House(config)
    assert house.model_id == first.id
    assert any(second.id in sentence for sentence in house.troubles.sentences)


def test_a_model_that_the_settings_name_must_be_there(config: Path) -> None:
    config.write_text("[model]\npath = 'absent.tflite'\n")
    with pytest.raises(SerError, match=r"absent\.tflite"):
        House(config)


def test_who_is_not_the_service_tries_nothing(config: Path) -> None:
    model = installed("2")
    store().switch(model.id)
    house = House(config, is_service=False)
    assert (house.model_id, house.renewal.on_trial) == (model.id, False)
    house.hear(blocks()[:60])
    house.renewal.request()
    house.settle()
    trial = store().trial()
    assert trial
    assert trial.boot_id is None
