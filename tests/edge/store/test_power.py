"""Whatever ends the process, and wherever: the old or the new model, whole, and never none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.store import durable
from edge.store.catalog import ModelStore
from tests.edge.store import victim
from tests.edge.store.models import added, store_in
from tests.support import REPOSITORY

NEXT_BOOT = "the boot after"


def proven(store: ModelStore) -> None:
    """Model 1 is proven, model 2 is installed."""
    store.switch(added(store, "1").id)
    store.confirm(store.current_id())
    added(store, "2")


def on_trial(store: ModelStore) -> None:
    proven(store)
    store.switch(store.find("kitchen-2").id)


def taken_up(store: ModelStore) -> None:
    on_trial(store)
    store.begin_service(victim.BOOT)


def both_proven(store: ModelStore) -> None:
    on_trial(store)
    store.confirm(store.current_id())


def damaged(store: ModelStore) -> None:
    both_proven(store)
    store.current().path.write_bytes(b"rot")


def many(store: ModelStore) -> None:
    both_proven(store)
    for version in "3456":
        added(store, version)


@dataclass(frozen=True)
class Case:
    """An action, on which store, and what current and previous may be afterwards."""

    action: str
    prepare: Callable[[ModelStore], None]
    results: set[tuple[str, str]] = field(default_factory=set)


CASES = {
    "add": Case("add", both_proven, {("2", "1")}),
    "replace a damaged one": Case("replace", damaged, {("2", "1")}),
    "switch": Case("switch", proven, {("1", "bundled"), ("2", "1")}),
    "confirm": Case("confirm", on_trial, {("2", "1")}),
    "revert": Case("revert", on_trial, {("2", "1"), ("1", "bundled")}),
    "rollback on trial": Case("rollback", on_trial, {("2", "1"), ("1", "bundled")}),
    "rollback": Case("rollback", both_proven, {("2", "1"), ("1", "2")}),
    "prune": Case("prune", many, {("2", "1")}),
    "begin of a trial": Case("begin", on_trial, {("2", "1")}),
    "begin after a crash": Case("begin", taken_up, {("2", "1"), ("1", "bundled")}),
    "end": Case("end", taken_up, {("2", "1")}),
}


# The start of a service never fails: see test_catalog.
CAN_FAIL = {name: case for name, case in CASES.items() if case.action != "begin"}


def versions(store: ModelStore) -> tuple[str, str]:
    names = (store.current_id() or "bundled", store.previous_id() or "bundled")
    current, previous = (name.split("-")[1] if "-" in name else name for name in names)
    return current, previous


def victims_of(case: Case, fault: str, folder: Path) -> list[str]:
    """Return at which change of the disk each victim met its fault, the survivor last."""
    case.prepare(store_in(folder / "before"))
    command = [sys.executable, "-m", "tests.edge.store.victim", fault, case.action, str(folder)]
    finished = subprocess.run(
        command,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    assert finished.returncode == 0, finished.stderr
    if fault == "full":
        assert set(map(no_space, finished.stderr.splitlines())) == {True}
    return finished.stdout.splitlines()


def no_space(line: str) -> bool:
    if "the disk did not confirm the switch" in line:  # its last step: it is switched
        return "No space left on device" in line
    return "No space left on device; make room on it" in line


def whole(store: ModelStore) -> None:
    """What the links name is there, and what is installed is all there, to the last bit."""
    for model in (store.current(), store.previous(), *store.installed()):
        if model:
            model.refuse_damaged()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_process_that_is_killed_at_any_step_leaves_a_model_that_runs(tmp_path, case):
    steps = victims_of(case, "killed", tmp_path)
    assert steps[-1] == "survived"
    assert len(steps) > 3
    for n in range(1, len(steps) + 1):
        store = store_in(tmp_path / str(n), keep=2)
        is_damaged = case.prepare is damaged
        if not is_damaged:
            whole(store)  # before anybody has settled what was interrupted
            assert versions(store)[0] in {current for current, _ in case.results}
        trial = store.trial()
        start = store.begin_service(NEXT_BOOT)
        if not is_damaged:
            assert not start.troubles
            assert start.model is not None
            assert start.model == store.current()
            whole(store)
            assert (store.trial() is not None) == start.on_trial
        assert versions(store) in case.results, steps[n - 1]
        if trial and start.on_trial:
            assert trial.back_to == store.trial().back_to == store.previous_id()
        again(store, case)


def again(store: ModelStore, case: Case) -> None:
    """What was interrupted can be done once more, to its end."""
    if case.action == "switch":
        victim.switch(store)
        assert versions(store) == ("2", "1")
        store.revert(store.current_id(), why="the end of the test")
        assert versions(store) == ("1", "bundled")
    if case.action in {"add", "replace"}:
        version = {"add": "3", "replace": "2"}[case.action]
        added(store, version).refuse_damaged()
        whole(store)
    store.prune()
    left = [path.name for path in (store.root / "installed").iterdir()]
    assert not [name for name in left if name.startswith(".")]


@pytest.mark.parametrize("case", CAN_FAIL.values(), ids=CAN_FAIL)
def test_a_full_disk_at_any_step_leaves_a_model_that_runs(tmp_path, case):
    steps = victims_of(case, "full", tmp_path)
    assert len(steps) > 1
    for n in range(1, len(steps) + 1):
        store = store_in(tmp_path / str(n), keep=2)
        if case.prepare is not damaged:
            whole(store)
            assert versions(store)[0] in {current for current, _ in case.results}
        start = store.begin_service(NEXT_BOOT)
        assert start.model is not None
        start.model.refuse_damaged()
        assert versions(store) in case.results, steps[n - 1]
        again(store, case)


class Trace:
    """The changes of the disk in order, with the names of the files."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[tuple[str, str]] = []
        for name in ("fsync", "replace", "symlink", "unlink", "write"):
            monkeypatch.setattr(os, name, self._noted(name, getattr(os, name)))

    def _noted(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def noted(*arguments: object, **options: object) -> object:
            place = arguments[-1] if name in {"replace", "symlink"} else arguments[0]
            path = Path(f"/proc/self/fd/{place}").readlink() if isinstance(place, int) else place
            self.steps.append((name, str(path)))
            return call(*arguments, **options)

        return noted


def test_every_step_is_on_the_disk_before_the_next_one(tmp_path, monkeypatch):
    store = store_in(tmp_path)
    proven(store)
    trace = Trace(monkeypatch)
    victim.switch(store)
    victim.revert(store)
    monkeypatch.undo()
    steps = trace.steps
    root = str(store.root)
    renames = [i for i, (name, _) in enumerate(steps) if name == "replace"]
    assert len(renames) >= 6  # journal, two links; journal, two links, journal
    for i in renames:
        assert steps[i + 1] == ("fsync", root)
        assert steps[i - 1][0] in {"fsync", "symlink"} or steps[i - 1] == ("fsync", root)
    written = [i for i, (name, _) in enumerate(steps) if name == "write"]
    assert all(steps[i + 1] == ("fsync", steps[i][1]) for i in written)
    links = [Path(path).name for name, path in steps if name == "replace"]
    assert links[:3] == ["trial.json", "previous", "current"]
    assert links[3:5] == ["trial.json", "current"]


def test_the_order_would_not_pass_without_the_folders_fsync(tmp_path, monkeypatch):
    monkeypatch.setattr(durable, "sync_folder", lambda _: None)
    with pytest.raises(AssertionError):
        test_every_step_is_on_the_disk_before_the_next_one(tmp_path, monkeypatch)
