"""What a search has found: the best recipe, what mattered, and every trial."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState

from trainer import recipe as recipes
from trainer.fitting import searchspace
from trainer.fitting.search import Plan, uars
from trainer.recipe.schema import Recipe

_N_BEFORE_IMPORTANCE = 10


def best_recipe(study: optuna.Study, plan: Plan) -> Recipe:
    """Return the recipe with the best trial's values, under a name and a claim of its own."""
    return replace(
        searchspace.with_values(plan.recipe, _values(study.best_trial, plan)),
        name=f"{plan.recipe.name}-searched",
        claim=f"none: its values were searched, beginning with {plan.recipe.name}",
    )


def to_toml(study: optuna.Study, plan: Plan) -> str:
    """Return the text of the best recipe, with how it was found."""
    best = study.best_trial
    return (
        f"# Found by ser-trainer search: trial {best.number} of {len(study.trials)}, "
        f"UAR {best.value:.1%} over {len(plan.folds)} folds\n"
        "# of the training speakers. That figure chose it and flatters it. Judge it by the\n"
        "# speakers that [split] holds out (train, then evaluate), not by crossval: it would\n"
        "# test on speakers that chose it.\n"
    ) + recipes.to_toml(best_recipe(study, plan))


def importances(study: optuna.Study) -> dict[str, float]:
    """Return what share of the trials' differences each key explains; nothing for few trials.

    By PED-ANOVA (Watanabe, Bansal and Hutter, 2023).
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) < _N_BEFORE_IMPORTANCE:
        return {}
    return get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())


def summary(study: optuna.Study, plan: Plan) -> str:
    """Return the best trial beside the recipe itself, as text for a terminal."""
    best, first = study.best_trial, study.trials[0]
    own = searchspace.values_of(plan.recipe, plan.space)
    lines = [f"{_counted(study)}; the best is trial {best.number}, {_score(best)}"]
    if own is not None:
        lines.append(f"the recipe itself is trial {first.number}, {_score(first)}")
    shares = importances(study)
    values = {key: json.dumps(value) for key, value in _values(best, plan).items()}
    widths = [max(map(len, values)), max(map(len, values.values()))]
    for key, value in values.items():
        share = f"explains {shares[key]:4.0%}  " if key in shares else ""
        was = "" if own is None else f"was {json.dumps(own[key])}"
        lines.append(f"  {key:{widths[0]}}  {value:{widths[1]}}  {share}{was}".rstrip())
    return "\n".join(lines)


def to_csv(study: optuna.Study, plan: Plan) -> str:
    """Return all trials as the text of a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    folds = [f"uar_fold_{number}" for number in range(1, len(plan.folds) + 1)]
    writer.writerow(["trial", "state", "uar", *folds, "n_parameters", "seconds", *plan.space])
    writer.writerows(_row(trial, plan) for trial in study.trials)
    return text.getvalue()


def _row(trial: FrozenTrial, plan: Plan) -> list[object]:
    scores = [f"{score:.4f}" for score in uars(trial)]
    values = _values(trial, plan)
    complete = trial.state == TrialState.COMPLETE
    seconds = "" if trial.duration is None else round(trial.duration.total_seconds())
    return [
        *(trial.number, trial.state.name.lower(), f"{trial.value:.4f}" if complete else ""),
        *(*scores, *[""] * (len(plan.folds) - len(scores))),
        *(trial.user_attrs.get("n_parameters", ""), seconds),
        *(json.dumps(values[key]) if key in values else "" for key in plan.space),
    ]


def _values(trial: FrozenTrial, plan: Plan) -> dict[str, object]:
    """Return what the trial tried; one that was interrupted may lack some of it."""
    drawn = {key: each for key, each in plan.space.items() if key in trial.params}
    return {key: each.restored(trial.params[key]) for key, each in drawn.items()}


def _score(trial: FrozenTrial) -> str:
    scores = uars(trial)
    if trial.state != TrialState.COMPLETE:
        return f"given up after {len(scores)} folds"
    return f"UAR {trial.value:.1%} (folds {', '.join(f'{score:.1%}' for score in scores)})"


def _counted(study: optuna.Study) -> str:
    states = [trial.state for trial in study.trials]
    given_up = states.count(TrialState.PRUNED)
    return f"{len(states)} trials" + (f", {given_up} given up early" if given_up else "")
