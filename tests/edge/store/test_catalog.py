from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.errors import ChecksumError, NoInputError, StoreError, UsageError
from edge.store.entries import model_id
from tests.edge.store.models import added, store_in
from tests.support import need

BOOT, NEXT_BOOT = "boot-1", "boot-2"


@pytest.fixture
def store(tmp_path):
    return store_in(tmp_path)


def links(store):
    return store.current_id(), store.previous_id()


def test_without_any_push_the_bundled_model_runs_and_nothing_is_written(store):
    start = store.begin_service(BOOT)
    store.end_service()
    assert (start.model, start.fallbacks, start.on_trial) == (None, (), False)
    assert (store.current(), store.previous(), store.trial(), store.last_trial()) == (None,) * 4
    assert store.installed() == []
    assert not store.root.exists()


def test_a_model_is_installed_as_it_was_received(store):
    model = added(store, "1.0", content=b"abc")
    assert model.id == "kitchen-1.0-ba7816bf"
    assert model.path.read_bytes() == b"abc"
    assert model.signature_path.read_bytes() == b"signed"
    assert (model.signer, model.name, model.version) == ("ann@desk", "kitchen", "1.0")
    assert store.installed() == [model]
    assert store.current() is None
    assert added(store, "1.0", content=b"abc") == model  # with its first received_utc


def test_a_damaged_model_is_replaced_by_the_same_model(store):
    model = added(store, "1.0")
    model.path.write_bytes(b"model 1.1")
    with pytest.raises(ChecksumError, match=f"{model.id}: its file has SHA-256"):
        store.switch(model.id)
    assert store.current_id() is None
    added(store, "1.0")
    store.switch(model.id)
    assert store.current_id() == model.id


def test_a_switch_begins_a_trial_and_health_ends_it(store):
    one, two = added(store, "1"), added(store, "2")
    trial = store.switch(one.id)
    assert (trial.model, trial.back_to) == (one.id, None)
    assert store.outcome_of(trial) is None
    store.confirm(one.id)
    assert store.trial() is None
    assert store.outcome_of(trial).outcome == "confirmed"
    trial = store.switch(two.id)
    assert (trial.model, trial.back_to) == (two.id, one.id)
    assert links(store) == (two.id, one.id)
    assert store.trial() == trial
    assert store.switch(two.id) == trial
    store.confirm(one.id)  # not on trial: nothing
    store.revert(one.id, why="not meant")
    assert store.trial() == trial
    store.revert(two.id, why="it was deaf")
    assert links(store) == (one.id, None)
    told = store.outcome_of(trial)
    assert (told.model, told.outcome, told.why) == (two.id, "reverted", "it was deaf")
    store.revert(one.id, why="confirmed long ago")
    assert links(store) == (one.id, None)


def test_one_goes_back_to_what_was_proven_not_to_what_was_on_trial(store):
    one, two, three = (added(store, version) for version in "123")
    store.switch(one.id)
    store.confirm(one.id)
    store.switch(two.id)
    assert store.switch(three.id).back_to == one.id
    store.revert(three.id, why="slow")
    assert links(store) == (one.id, None)
    store.switch(two.id)
    assert store.switch(one.id) is None
    assert store.last_trial().why == f"{one.id} was activated instead"
    assert links(store) == (one.id, None)


def test_rollback_changes_over_and_back_again(store):
    one, two = added(store, "1"), added(store, "2")
    with pytest.raises(UsageError, match="no other was current before"):
        store.rollback()
    for model in (one, two):
        store.switch(model.id)
        store.confirm(model.id)
    assert store.rollback() == one
    assert links(store) == (one.id, two.id)
    assert store.rollback() == two
    assert links(store) == (two.id, one.id)
    assert store.trial() is None
    assert store.last_trial().outcome == "rolled back"


def test_rollback_to_the_bundled_model_and_back(store):
    one = added(store, "1")
    store.switch(one.id)
    store.confirm(one.id)
    assert store.rollback() is None
    assert links(store) == (None, one.id)
    assert store.rollback() == one


def test_rollback_on_trial_ends_the_trial(store):
    one = added(store, "1")
    store.switch(one.id)
    assert store.rollback() is None
    assert links(store) == (None, None)
    assert store.last_trial().why == "it was rolled back by hand"


def test_rollback_to_a_damaged_model_is_refused(store):
    one, two = added(store, "1"), added(store, "2")
    for model in (one, two):
        store.switch(model.id)
        store.confirm(model.id)
    one.path.write_bytes(b"rot")
    with pytest.raises(ChecksumError, match="push it again"):
        store.rollback()
    assert links(store) == (two.id, one.id)


def test_a_model_by_the_beginning_of_its_name_or_checksum(store):
    one, two = added(store, "1.10"), added(store, "1.20")
    assert store.find(one.id) == one
    assert store.find("kitchen-1.2") == two
    assert store.find(two.sha256[:12]) == two
    with pytest.raises(UsageError, match=r"fits several installed models: .*1.20.*1.10"):
        store.find("kitchen")
    for absent in ("", "cellar"):
        with pytest.raises(NoInputError, match=r"installed: kitchen-1\.20"):
            store.find(absent)


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", ".hidden", "a b\n", "", "é" * 300])
def test_no_name_leads_out_of_the_store(store, name):
    made = model_id(name, "../1", "0" * 64)
    assert "/" not in made
    assert made.strip(".")
    assert not made.startswith((".", "-"))
    assert len(made) < 80


class TestTrialsOverStarts:
    """Who died of a model, and who only lost power."""

    @pytest.fixture
    def model(self, store):
        model = added(store, "1")
        store.switch(model.id)
        return model

    def test_the_service_that_takes_it_up_is_the_one_that_may_die_of_it(self, store, model):
        start = store.take_up(BOOT)
        assert (start.model, start.on_trial, start.reverted) == (model, True, None)
        assert start.current_id == model.id
        assert store.trial().n_starts == 1
        assert store.take_up(BOOT).on_trial  # a second look is no second start
        assert store.trial().n_starts == 1
        start = store.begin_service(BOOT)
        assert (start.model, start.on_trial, start.current_id) == (None, False, None)
        assert start.reverted.why == "the process died while the model was on trial"
        assert links(store) == (None, None)

    @pytest.mark.usefixtures("model")
    def test_a_service_that_never_saw_it_did_not_die_of_it(self, store):
        assert store.begin_service(BOOT).on_trial
        assert not store.begin_service(BOOT).on_trial

    @pytest.mark.usefixtures("model")
    def test_a_clean_stop_is_no_death(self, store):
        for _ in range(10):
            assert store.begin_service(BOOT).on_trial
            store.end_service()
        assert store.trial().boot_id is None

    @pytest.mark.usefixtures("model")
    def test_power_cuts_are_forgiven_three_times(self, store):
        boots = [store.begin_service(f"boot-{n}") for n in range(4)]
        assert [start.on_trial for start in boots] == [True, True, True, False]
        assert boots[-1].reverted.why == "it was started 3 times and never proved itself"

    def test_a_damaged_model_on_trial_is_taken_back(self, store, model):
        model.path.unlink()
        start = store.begin_service(BOOT)
        assert start.model is None
        assert "cannot be read" in start.reverted.why
        assert store.current_id() is None

    def test_confirmed_it_may_die_as_often_as_it_likes(self, store, model):
        store.begin_service(BOOT)
        store.confirm(model.id)
        for _ in range(5):
            start = store.begin_service(BOOT)
            assert (start.model, start.on_trial, start.reverted) == (model, False, None)

    def test_a_disk_that_cannot_be_written_runs_what_was_proven(self, store, model, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        start = store.begin_service(BOOT)
        assert start.model is None
        assert not start.on_trial
        assert start.current_id == model.id
        assert "No space left on device; make room" in start.troubles[0]
        monkeypatch.undo()
        assert store.begin_service(BOOT).on_trial


def spoil(store, model):
    model.path.write_bytes(b"")


def lose(store, model):
    shutil.rmtree(model.path.parent)


def scribble(store, model):
    (model.path.parent / "received.json").write_text("{")


def misplace(store, model):
    (store.root / "current").unlink()
    (store.root / "current").mkdir()


@pytest.mark.parametrize("damage", [spoil, lose, scribble, misplace])
def test_a_store_that_is_damaged_never_leaves_the_room_deaf(store, damage):
    one, two = added(store, "1"), added(store, "2")
    for model in (one, two):
        store.switch(model.id)
        store.confirm(model.id)
    damage(store, two)
    start = store.begin_service(BOOT)
    assert start.troubles
    assert [start.model, *start.fallbacks][-1] is None
    if damage is not misplace:
        assert (start.model, start.current_id) == (one, two.id)
        assert two.id in start.troubles[0]
        damage(store, one)
        start = store.begin_service(BOOT)
        assert (start.model, start.fallbacks) == (None, ())


def test_a_damaged_journal_is_told_and_set_aside(store, caplog):
    one = added(store, "1")
    store.switch(one.id)
    (store.root / "trial.json").write_text("[")
    assert store.trial() is None
    assert "trial.json is damaged" in caplog.text
    assert store.begin_service(BOOT).model == one
    store.rollback()
    assert store.current_id() is None


def test_keys_of_a_newer_program_are_ignored(store):
    one = added(store, "1")
    record = one.path.parent / "received.json"
    record.write_text(record.read_text().replace("{", '{"later": 1,', 1))
    assert store.installed() == [one]


def test_prune_keeps_the_newest_and_whatever_is_needed(tmp_path):
    store = store_in(tmp_path, keep=3)
    models = [added(store, str(n)) for n in range(6)]
    store.switch(models[0].id)
    store.confirm(models[0].id)
    store.switch(models[1].id)
    (store.root / "installed/.new-half").mkdir()
    assert store.prune() == [m.id for m in (models[4], models[3], models[2])]
    assert store.installed() == [models[5], models[1], models[0]]
    assert not (store.root / "installed/.new-half").exists()
    assert store.prune() == []


def test_a_lock_that_is_held_is_told(store, monkeypatch):
    monkeypatch.setattr("edge.store.journal._PATIENCE_S", 0.1)
    one = added(store, "1")
    with store._links.changing(), pytest.raises(StoreError, match=r"switch\.lock has been held"):
        store_in(store.root.parent).switch(one.id)


def test_root_leaves_what_it_makes_to_the_owner_of_the_state(tmp_path):
    need(os.geteuid() == 0, "root")
    os.chown(tmp_path, 1234, 1235)
    store = store_in(tmp_path)
    store.switch(added(store, "1").id)
    made = [path for path in store.root.rglob("*") if not path.is_symlink()]
    assert len(made) > 5
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(1234, 1235)}


class StoreMachine(RuleBasedStateMachine):
    """Any order of calls: a plain model of what must be current, beside the store."""

    def __init__(self):
        super().__init__()
        self.folder = self.tmp_path_factory.mktemp("machine")
        self.store = store_in(self.folder, keep=2)
        self.proven = None
        self.current = None
        self.boot = 0
        self.n_added = 0

    def teardown(self):
        shutil.rmtree(self.folder)

    @rule()
    def add(self):
        self.n_added += 1
        added(self.store, str(self.n_added))

    @precondition(lambda self: self.store.installed())
    @rule(data=st.data())
    def switch(self, data):
        ids = [None, *(model.id for model in self.store.installed())]
        chosen = data.draw(st.sampled_from(ids))
        self.store.switch(chosen)
        self.current = chosen

    @rule()
    def confirm(self):
        self.store.confirm(self.current)
        self.proven = self.current

    @rule()
    def revert(self):
        self.store.revert(self.current, why="chance")
        self.current = self.proven

    @rule()
    def crash(self):
        self.store.begin_service(f"boot {self.boot}")
        self.store.begin_service(f"boot {self.boot}")
        self.current = self.proven

    @rule()
    def reboot_and_stop(self):
        self.boot += 1
        self.store.begin_service(f"boot {self.boot}")
        self.store.end_service()

    @rule()
    def rollback(self):
        was_on_trial, previous = self.store.trial(), self.store.previous_id()
        try:
            self.store.rollback()
        except UsageError:
            assert not was_on_trial
            assert previous == self.current
        else:
            self.current = self.proven if was_on_trial else previous
            self.proven = self.current

    @rule()
    def prune(self):
        self.store.prune()

    @invariant()
    def the_current_model_is_the_one_that_was_asked_for(self):
        assert self.store.current_id() == self.current
        self.store.current()
        self.store.previous()

    @invariant()
    def a_trial_leads_back_to_what_was_proven(self):
        trial = self.store.trial()
        assert (trial is not None) == (self.current != self.proven)
        if trial:
            assert trial.back_to == self.proven
            assert self.store.previous_id() == self.proven

    @invariant()
    def what_is_loaded_is_whole(self):
        store = self.store
        for current in (store.current_id(), store.previous_id()):
            if current:
                store.find(current).refuse_damaged()


def test_any_order_of_calls(tmp_path_factory):
    StoreMachine.tmp_path_factory = tmp_path_factory
    machine = StoreMachine.TestCase
    machine.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
    machine().runTest()
