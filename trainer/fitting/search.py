"""A search for better values of a recipe, nested inside its training speakers.

Optuna proposes, and speaker-disjoint folds over the training speakers judge. The recipe's own
validation and test speakers are not even opened: what the search finds can still be judged by them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from edge.contract import tables
from edge.errors import ConfigError, OutputError
from trainer import recipe as recipes
from trainer import stored
from trainer.examples import clips, leakage, splits
from trainer.examples.clips import Examples
from trainer.examples.splits import Split
from trainer.features.cache import FeatureCache
from trainer.fitting import clips as clip_fitting
from trainer.fitting import engine, searchspace
from trainer.fitting.clips import FittedClips
from trainer.fitting.engine import Logs
from trainer.fitting.searchspace import Space
from trainer.judging import metrics
from trainer.recipe.learning import ClipLearning
from trainer.recipe.schema import Recipe

_N_BEFORE_PRUNING = 6
_SQLITE = "sqlite:///"
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")
_PLAN = "plan"
_DONE = (TrialState.COMPLETE, TrialState.PRUNED)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is searched, and how far."""

    recipe: Recipe
    space: Space
    n_trials: int
    """In all: a search that goes on tries what is missing."""
    folds: tuple[Split, ...]
    """Of the training speakers, from `inner_folds`."""
    storage: str
    """URL as SQLAlchemy has it: ``sqlite:///search.db``."""

    def fingerprint(self) -> str:
        """Return what is the same for two searches only if one can go on with the other."""
        told = {
            "recipe": recipes.to_toml(self.recipe),
            "space": tables.to_table(self.space),
            "folds": [sorted(u.path.name for u in fold.test) for fold in self.folds],
        }
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def inner_folds(recipe: Recipe, split: Split, *, n_folds: int) -> tuple[Split, ...]:
    """Divide the training speakers into speaker-disjoint folds.

    Parameters
    ----------
    recipe : Recipe
        Whose seed it is done by.
    split : Split
        Its training part alone is used.
    n_folds : int

    Raises
    ------
    UsageError
        If there are fewer training speakers than folds.
    """
    folds = splits.folds(
        split.train, n_folds=n_folds, validation_share=splits.VALIDATION_SHARE, seed=recipe.seed
    )
    for fold in folds:
        leakage.refuse_shared_speakers(fold.parts())
    return tuple(folds)


def open_study(plan: Plan) -> optuna.Study:
    """Begin a search in its storage, or find the same one there.

    Raises
    ------
    OutputError
        If the storage cannot be used, or holds another search.
    DamagedError
        If it is no storage of Optuna, or damaged.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    _refuse_strangers(plan)
    with _storage_named(plan):
        study = optuna.create_study(
            storage=plan.storage,
            study_name=plan.recipe.name,
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_N_BEFORE_PRUNING),
            load_if_exists=True,
        )
        _begin(study, plan)
    return study


def carry_out(study: optuna.Study, plan: Plan, *, data: Path, cache: FeatureCache) -> None:
    """Try until the plan is fulfilled.

    Parameters
    ----------
    study : optuna.Study
    plan : Plan
    data : Path
        The folder of the corpora.
    cache : FeatureCache

    Raises
    ------
    ConfigError
        If no trial could be trained.
    OutputError
        If the storage cannot be written.
    """
    judge = _Judge(plan, data, cache)
    for _ in range(plan.n_trials - n_done(study)):
        # A seed for each trial: a search that goes on proposes what it would have proposed anyway.
        study.sampler = optuna.samplers.TPESampler(seed=plan.recipe.seed + n_done(study))
        with _storage_named(plan):
            study.optimize(judge, n_trials=1, catch=(ConfigError,))
        _log.info("%s", _sentence(study.trials[-1], plan))
    _refuse_nothing_found(study)


def n_done(study: optuna.Study) -> int:
    """Return how many trials have ended, given up on or not."""
    return len(study.get_trials(deepcopy=False, states=_DONE))


def uars(trial: FrozenTrial) -> list[float]:
    """Return the UAR of each fold that a trial was judged on."""
    return list(trial.user_attrs.get("uars", []))


class _Judge:
    """Trains a trial's recipe on each fold; its score is the mean UAR."""

    def __init__(self, plan: Plan, data: Path, cache: FeatureCache) -> None:
        self._plan = plan
        self._data = data
        self._cache = cache

    def __call__(self, trial: optuna.Trial) -> float:
        values = {key: each.drawn(trial, key) for key, each in self._plan.space.items()}
        found: list[float] = []
        try:
            recipe = searchspace.with_values(self._plan.recipe, values)
            for number, fold in enumerate(self._plan.folds):
                found.append(self._uar(recipe, fold, trial))
                trial.set_user_attr("uars", found)
                trial.report(float(np.mean(found)), step=number)
                if len(found) < len(self._plan.folds) and trial.should_prune():
                    raise optuna.TrialPruned
        except ConfigError as error:
            trial.set_user_attr("failed", str(error))
            raise
        return float(np.mean(found))

    def _uar(self, recipe: Recipe, fold: Split, trial: optuna.Trial) -> float:
        assert isinstance(recipe.learning, ClipLearning)
        learnt = clips.prepare(recipe, recipe.learning, fold, self._data, self._cache)
        judged = replace(fold, train=(), validation=fold.test, test=())
        unheard = clips.prepare(recipe, recipe.learning, judged, self._data, self._cache)
        keras.backend.clear_session()
        with tempfile.TemporaryDirectory() as folder:
            logs = _logs(Path(folder))
            fitted = clip_fitting.fit(recipe, recipe.learning, learnt, logs=logs)
        trial.set_user_attr("n_parameters", fitted.model.count_params())
        return _uar_of(fitted, unheard.validation, recipe)


def _begin(study: optuna.Study, plan: Plan) -> None:
    """Write down what is searched; refuse to go on with anything else."""
    fingerprint = plan.fingerprint()
    known = None if study.trials else fingerprint
    if study.user_attrs.get(_PLAN, known) != fingerprint:
        raise OutputError(
            f"{plan.storage} holds a search of {plan.recipe.name} with another recipe, space, "
            "folds or recordings; name another --storage"
        )
    if _PLAN in study.user_attrs:
        return
    study.set_user_attr(_PLAN, fingerprint)
    own = searchspace.values_of(plan.recipe, plan.space)
    if own is not None:
        # First of all, so that every other trial can be compared with it.
        study.enqueue_trial({key: plan.space[key].stored(value) for key, value in own.items()})


def _refuse_nothing_found(study: optuna.Study) -> None:
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        reasons = [trial.user_attrs.get("failed", "") for trial in study.trials]
        raise ConfigError(
            f"none of {len(reasons)} trials could be trained; the last: {reasons[-1]}; "
            "change --space"
        )


def _sentence(trial: FrozenTrial, plan: Plan) -> str:
    match trial.state:
        case TrialState.COMPLETE:
            outcome = f"UAR {trial.value:.1%}"
        case TrialState.PRUNED:
            outcome = f"given up after {len(uars(trial))} of {len(plan.folds)} folds"
        case _:
            outcome = trial.user_attrs.get("failed", "failed")
    return f"trial {trial.number}: {outcome}"


def _uar_of(fitted: FittedClips, examples: Examples, recipe: Recipe) -> float:
    inputs = clip_fitting.ready(examples, recipe, fitted.standardise).inputs
    logits = engine.forward(fitted.model)(inputs)
    return metrics.uar(examples.truth, logits.argmax(axis=1), n_classes=len(recipe.labels))


def _logs(folder: Path) -> Logs:
    return Logs(
        history=folder / "history.csv",
        tensorboard=folder / "tensorboard",
        checkpoint=folder / "checkpoint.npz",
    )


@contextmanager
def _storage_named(plan: Plan) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        cause = _first_cause(error)
        if getattr(cause, "sqlite_errorname", "") in _DAMAGE:
            raise _damaged(plan, cause) from error
        raise OutputError(
            f"the storage {plan.storage} cannot be used: {cause}; name a SQLite file that can be "
            "written with --storage"
        ) from error


def _first_cause(error: BaseException) -> BaseException:
    return error if error.__cause__ is None else _first_cause(error.__cause__)


def _damaged(plan: Plan, why: object) -> stored.DamagedError:
    path = Path(plan.storage.removeprefix(_SQLITE))
    return stored.damaged(path, why, remedy="name another file with --storage")


def _refuse_strangers(plan: Plan) -> None:
    """Raise where the storage is a database of another program: Optuna would write into it."""
    path = Path(plan.storage.removeprefix(_SQLITE))
    if not plan.storage.startswith(_SQLITE) or not path.is_file():
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            names = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        raise _damaged(plan, error) from error
    if names and "version_info" not in names:
        raise _damaged(plan, f"it has the tables {', '.join(sorted(names))}, and none of Optuna's")
