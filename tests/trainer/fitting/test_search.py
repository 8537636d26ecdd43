"""A search learns from the training speakers alone, goes on where it stopped, and says it all."""

from __future__ import annotations

import csv
import dataclasses
import io
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import pytest

pytest.importorskip("tensorflow")

from edge.errors import ConfigError, OutputError, UsageError
from tests.fakes.utterances import utterance
from tests.trainer.quick import quick_recipe
from trainer import recipe as recipes
from trainer.examples.gather import divide
from trainer.examples.splits import Split
from trainer.features.cache import FeatureCache
from trainer.fitting import search, searched
from trainer.fitting.search import Plan, inner_folds
from trainer.fitting.searchspace import Choices, Interval, Space
from trainer.recipe.schema import ModelChoice, Recipe
from trainer.stored import DamagedError

WIDE = {"hidden": [16], "dropout": [0.0]}
NARROW = {"hidden": [4], "dropout": [0.0]}
TORN = {"hidden": [4, 4], "dropout": [0.0]}

SPACE: Space = {
    "learning.fit.learning_rate": Interval(low=1e-4, high=1e-1, log=True),
    "model.parameters": Choices(choices=(WIDE, NARROW)),
}


def small_recipe() -> Recipe:
    return quick_recipe(model=ModelChoice(name="mlp", parameters=WIDE))


def plan_of(
    folder: Path, split: Split, *, n_trials: int, space: Space | None = None, n_folds: int = 2
) -> Plan:
    recipe = small_recipe()
    return Plan(
        recipe=recipe,
        space=space or SPACE,
        n_trials=n_trials,
        folds=inner_folds(recipe, split, n_folds=n_folds),
        storage=f"sqlite:///{folder / 'search.db'}",
    )


def strangers(*, n_speakers: int) -> Split:
    """Return a split of people whom nobody will listen to."""
    people = [f"ravdess_{number:02}" for number in range(n_speakers)]
    train = tuple(utterance(f"{name}.wav", speaker=name) for name in people)
    return Split(train=train, validation=(), test=())


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let a formula stand for hours of training: the recipe's rate is all that matters."""
    rates: list[float] = []

    def uar(_judge: Any, recipe: Recipe, fold: Split, _trial: Any) -> float:
        rate = recipe.learning.fit.learning_rate
        rates.append(rate)
        return 0.5 - abs(rate - 0.01) - 0.001 * len(fold.test)

    monkeypatch.setattr(search._Judge, "_uar", uar)
    return rates


def carried_out(plan: Plan) -> optuna.Study:
    study = search.open_study(plan)
    search.carry_out(study, plan, data=Path("nowhere"), cache=FeatureCache(Path(), n_processes=1))
    return study


def told(study: optuna.Study) -> list[tuple[Any, ...]]:
    return [(t.state.name, t.value, t.params) for t in study.trials]


@pytest.fixture(scope="module")
def deaf_data(slice_of_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return recordings of which those of the held-out speakers cannot be decoded."""
    folder = tmp_path_factory.mktemp("deaf")
    shutil.copytree(slice_of_data / "ravdess", folder / "ravdess", symlinks=True)
    split = divide(small_recipe(), folder).split
    assert split.speakers("test")
    assert split.speakers("validation")
    for held_out in (*split.test, *split.validation):
        held_out.path.unlink()
        held_out.path.write_bytes(b"no sound")
    return folder


def test_a_search_opens_the_training_speakers_alone(deaf_data: Path, tmp_path: Path) -> None:
    split = divide(small_recipe(), deaf_data).split
    plan = plan_of(tmp_path, split, n_trials=2)
    study = search.open_study(plan)
    cache = FeatureCache(tmp_path / "cache", n_processes=1)
    search.carry_out(study, plan, data=deaf_data, cache=cache)

    first, second = study.trials
    assert first.params["learning.fit.learning_rate"] == small_recipe().learning.fit.learning_rate
    assert first.user_attrs["n_parameters"] == 12 * 16 + 16 + 16 * 8 + 8
    assert first.params != second.params
    for trial in study.trials:
        scores = search.uars(trial)
        assert len(scores) == 2
        assert trial.value == pytest.approx(sum(scores) / 2)
        assert all(0.0 <= score <= 1.0 for score in scores)
    judged = [u.speaker for fold in plan.folds for u in fold.test]
    assert set(judged) == set(split.speakers("train"))

    again = plan_of(tmp_path / "again", split, n_trials=1)
    (tmp_path / "again").mkdir()
    repeated = search.open_study(again)
    search.carry_out(repeated, again, data=deaf_data, cache=cache)
    assert told(repeated) == told(study)[:1]


def test_a_search_that_goes_on_is_the_one_that_never_stopped(scripted, tmp_path: Path) -> None:
    split = strangers(n_speakers=6)
    (tmp_path / "twice").mkdir()
    at_once = carried_out(plan_of(tmp_path, split, n_trials=12))
    carried_out(plan_of(tmp_path / "twice", split, n_trials=5))
    on = carried_out(plan_of(tmp_path / "twice", split, n_trials=12))
    assert told(on) == told(at_once)
    scripted.clear()
    carried_out(plan_of(tmp_path / "twice", split, n_trials=12))
    assert scripted == []


def test_an_interrupted_trial_is_tried_again(scripted, tmp_path: Path, monkeypatch) -> None:
    split = strangers(n_speakers=6)
    plan = plan_of(tmp_path, split, n_trials=4)
    with monkeypatch.context() as patch:
        patch.setattr(search._Judge, "_uar", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            carried_out(plan)
    study = carried_out(plan)
    assert search.n_done(study) == 4
    table = list(csv.DictReader(io.StringIO(searched.to_csv(study, plan))))
    assert [row["state"] for row in table] == ["fail", *["complete"] * 4]


def _interrupted(*_: Any) -> float:
    raise KeyboardInterrupt


def test_the_best_is_found_explained_and_written(scripted, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, strangers(n_speakers=6), n_trials=30)
    study = carried_out(plan)
    best = recipes.parse(searched.to_toml(study, plan), origin="best")
    assert best == searched.best_recipe(study, plan)
    assert best.learning.fit.learning_rate == pytest.approx(0.01, rel=0.5)
    assert (best.name, best.split) == ("mlp-180-searched", plan.recipe.split)
    assert best.claim.startswith("none: its values were searched")

    shares = searched.importances(study)
    assert shares["learning.fit.learning_rate"] > 0.7
    text = searched.summary(study, plan)
    assert "the recipe itself is trial 0, UAR" in text
    assert f"{best.learning.fit.learning_rate}" in text
    assert "was 0.001" in text

    table = list(csv.DictReader(io.StringIO(searched.to_csv(study, plan))))
    assert len(table) == len(study.trials) == 30
    given_up = [row for row in table if row["state"] == "pruned"]
    assert given_up
    assert all(row["uar_fold_1"] and not row["uar_fold_2"] for row in given_up)
    row = next(row for row in table if int(row["trial"]) == study.best_trial.number)
    assert float(row["uar"]) == pytest.approx(study.best_value, abs=1e-4)
    assert float(row["learning.fit.learning_rate"]) == best.learning.fit.learning_rate


def test_few_trials_explain_nothing(scripted, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, strangers(n_speakers=6), n_trials=3)
    study = carried_out(plan)
    assert searched.importances(study) == {}
    assert "explains" not in searched.summary(study, plan)


def test_another_search_is_not_gone_on_with(scripted, tmp_path: Path) -> None:
    split = strangers(n_speakers=6)
    carried_out(plan_of(tmp_path, split, n_trials=1))
    narrower = {**SPACE, "learning.fit.learning_rate": Interval(low=1e-4, high=1e-2)}
    others = [
        plan_of(tmp_path, split, n_trials=1, n_folds=3),
        plan_of(tmp_path, split, n_trials=1, space=narrower),
        plan_of(tmp_path, strangers(n_speakers=7), n_trials=1),
    ]
    for other in others:
        with pytest.raises(OutputError, match=r"search\.db holds a search of mlp-180 with another"):
            search.open_study(other)


def test_networks_that_cannot_be_built_are_named(deaf_data: Path, tmp_path: Path) -> None:
    split = divide(small_recipe(), deaf_data).split
    space: Space = {"model.parameters": Choices(choices=(TORN, {**TORN, "dropout": [0.1]}))}
    plan = plan_of(tmp_path, split, n_trials=2, space=space)
    study = search.open_study(plan)
    cache = FeatureCache(tmp_path / "cache", n_processes=1)
    with pytest.raises(ConfigError, match=r"none of 2 trials .* hidden has 2 layers and dropout 1"):
        search.carry_out(study, plan, data=deaf_data, cache=cache)


def test_a_recipe_that_cannot_be_costs_one_trial(tmp_path: Path, monkeypatch, caplog) -> None:
    def uar(_judge: Any, recipe: Recipe, *_: Any) -> float:
        if recipe.model.parameters == NARROW:
            raise ConfigError("the network is too narrow")
        return 0.5

    monkeypatch.setattr(search._Judge, "_uar", uar)
    caplog.set_level("INFO")
    plan = plan_of(tmp_path, strangers(n_speakers=4), n_trials=6)
    study = carried_out(plan)
    states = {t.params["model.parameters"]: t.state.name for t in study.trials}
    assert set(states.values()) == {"COMPLETE", "FAIL"}
    assert ": the network is too narrow" in caplog.text
    assert "trial 0: UAR 50.0%" in caplog.text


def test_the_verb_writes_recipe_and_table(
    scripted, slice_of_data: Path, tmp_path: Path, capsys
) -> None:
    from trainer.cli import main

    out = tmp_path / "new" / "best.toml"
    command = ["search", "mlp-180", "--data", str(slice_of_data), "--cache", str(tmp_path)]
    assert main([*command, "--folds", "2", "--trials", "3", "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out)
    assert recipes.load(str(out)).name == "mlp-180-searched"
    assert len(out.with_suffix(".csv").read_text().splitlines()) == 4
    assert out.with_suffix(".db").exists()

    for wrong in (["--trials", "0"], ["--out", str(tmp_path)]):
        assert main([*command, *wrong]) == 2


def stored_in(path: Path) -> Plan:
    plan = plan_of(path.parent, strangers(n_speakers=4), n_trials=1)
    return dataclasses.replace(plan, storage=f"sqlite:///{path}")


def test_a_storage_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"the storage sqlite:.* cannot be used: .*--storage"):
        search.open_study(stored_in(tmp_path / "absent" / "search.db"))


def test_a_storage_that_is_no_database_is_named(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("no database, but a note that is long enough to be read")
    with pytest.raises(DamagedError, match=r"note\.txt is damaged, .*--storage"):
        search.open_study(stored_in(note))


def test_nothing_is_written_into_the_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE events (at TEXT)")
    before = path.read_bytes()
    with pytest.raises(DamagedError, match="it has the tables events, and none of Optuna's"):
        search.open_study(stored_in(path))
    assert path.read_bytes() == before


def test_a_search_of_another_program_is_not_continued(tmp_path: Path) -> None:
    plan = stored_in(tmp_path / "search.db")
    study = optuna.create_study(storage=plan.storage, study_name=plan.recipe.name)
    study.add_trial(optuna.create_trial(value=0.5))
    with pytest.raises(OutputError, match="holds a search of mlp-180 with another recipe"):
        search.open_study(plan)


def test_too_many_folds_are_refused() -> None:
    with pytest.raises(UsageError, match=r"9 folds are asked for, expected 2 to 4"):
        inner_folds(small_recipe(), strangers(n_speakers=4), n_folds=9)
