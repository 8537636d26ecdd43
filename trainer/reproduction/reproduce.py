"""Both studies of a recipe: by the random split of its claim, and by speaker-disjoint folds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from edge.contract.labels import NON_VOICE
from edge.errors import NoInputError
from trainer import corpora, study
from trainer import recipe as recipes
from trainer.examples.gather import gather
from trainer.examples.protocols import ProtocolName
from trainer.examples.splits import VALIDATION_SHARE
from trainer.features.cache import FeatureCache
from trainer.judging.figures import figures_of, uar_of
from trainer.judging.predictions import Prediction
from trainer.modelfile import speed
from trainer.modelfile.manifest import bundle_of
from trainer.recipe.schema import CorpusUse, PublishedSplit, Recipe
from trainer.reproduction.rows import Measured, Row
from trainer.study import Plan, StudyFolder

_STAND_IN: Final = "ravdess"
_JUDGED: Final = ("float32", "int8")


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """How much a reproduction trains."""

    n_folds: int
    only_folds: int
    """Of each recipe, train this many folds; 0 is all."""
    seeds: tuple[int, ...]
    """For both protocols."""


def present(recipe: Recipe, data: Path) -> Recipe:
    """Return the recipe with those of its corpora that are there, or with RAVDESS for want of any.

    Raises
    ------
    NoInputError
        If RAVDESS is absent, too.
    """
    there = corpora.names_in(data)
    uses = tuple(use for use in recipe.corpora if use.name in there)
    if not uses and _STAND_IN in there:
        uses = (CorpusUse(name=_STAND_IN, weight=1.0),)
    if not uses:
        wanted = ", ".join(dict.fromkeys((*(use.name for use in recipe.corpora), _STAND_IN)))
        raise NoInputError(
            f"recipe {recipe.name} needs one of the corpora {wanted}; {data} holds "
            "none of them: see docs/data.md"
        )
    return dataclasses.replace(recipe, corpora=uses)


def plans(recipe: Recipe, effort: Effort) -> dict[str, Plan]:
    """Return every study of a recipe by the name of its folder, the random ones first."""
    found = {
        f"random-{share_text(published).replace('/', '-')}": _plan(
            "random", effort, validation=published.validation_share, test=published.test_share
        )
        for published in recipe.published_splits
    }
    folds = _plan("folds", effort, validation=VALIDATION_SHARE, test=0.0)
    return {**found, "folds": folds}


def share_text(published: PublishedSplit) -> str:
    """Return a random split as people write it: ``"80/20"``, ``"70/20/10"``."""
    train = 1.0 - published.validation_share - published.test_share
    parts = (train, published.validation_share, published.test_share)
    return "/".join(f"{100 * part:.0f}" for part in parts if part > 0)


def reproduce(
    name: str, folder: Path, effort: Effort, *, data: Path, cache: FeatureCache
) -> list[Row]:
    """Carry out all studies of a recipe; what is finished is not done again.

    Parameters
    ----------
    name : str
        Of the recipe.
    folder : Path
        Of the whole reproduction; each recipe has a folder below it.
    effort : Effort
    data : Path
    cache : FeatureCache

    Returns
    -------
    list of Row
        One for each published split.
    """
    asked = recipes.load(name)
    recipe = present(asked, data)
    # Two women recorded TESS: more folds than speakers there are not.
    n_speakers = len({u.speaker for u in gather(recipe, data).utterances})
    possible = dataclasses.replace(effort, n_folds=min(effort.n_folds, n_speakers))
    found = {
        title: _carried_out(recipe, plan, folder / name / title, data=data, cache=cache)
        for title, plan in plans(recipe, possible).items()
    }
    return _rows(name, asked, recipe, found, folder / name)


def collect(name: str, folder: Path, *, data: Path) -> list[Row]:
    """Return the lines of a recipe from what is finished; nothing is trained.

    Returns
    -------
    list of Row
        One for each published split that has a judged training; empty without judged folds.
    """
    asked = recipes.load(name)
    recipe = present(asked, data)
    everything = Effort(n_folds=1, only_folds=0, seeds=(0,))
    found = {
        title: study.finished(StudyFolder(path=folder / name / title))
        for title in plans(recipe, everything)
    }
    return _rows(name, asked, recipe, found, folder / name) if found["folds"] else []


def _plan(protocol: ProtocolName, effort: Effort, *, validation: float, test: float) -> Plan:
    return Plan(
        protocol=protocol,
        seeds=effort.seeds,
        n_folds=effort.n_folds,
        validation_share=validation,
        test_share=test,
        only_folds=effort.only_folds if protocol == "folds" else 0,
        precisions=_JUDGED,
    )


def _carried_out(
    recipe: Recipe, plan: Plan, folder: Path, *, data: Path, cache: FeatureCache
) -> list[Prediction]:
    begun = study.begin(recipe, plan, folder)
    return study.carry_out(recipe, plan, begun, data=data, cache=cache)


def _rows(
    name: str,
    asked: Recipe,
    recipe: Recipe,
    found: Mapping[str, Sequence[Prediction]],
    folder: Path,
) -> list[Row]:
    there = {use.name for use in recipe.corpora}
    labels = tuple(label for label in recipe.labels if label != NON_VOICE)
    loss = _int8_loss(next(iter(found.values())), labels)
    precision = "int8" if loss <= recipe.quantisation.largest_uar_loss else "float32"
    cell = study.any_cell(folder / "folds")
    bundle = bundle_of(cell, precision, recipe=recipe)
    measured = {title: _measured(rows, precision, labels) for title, rows in found.items() if rows}
    fixed: dict[str, Any] = {
        "recipe": name,
        "claim": asked.claim,
        "corpora": tuple(use.name for use in recipe.corpora),
        "missing": tuple(use.name for use in asked.corpora if use.name not in there),
        "n_labels": len(labels),
        "disjoint": measured["folds"],
        "precision": precision,
        "int8_loss": loss,
        "n_bytes": len(bundle.flatbuffer),
        "edge_ms": speed.features_ms(recipe.features) + speed.network_ms(bundle),
        "machine": speed.machine(),
        "date_utc": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    return [
        Row(split=share_text(published), random=measured[title], **fixed)
        for published, title in zip(recipe.published_splits, found, strict=False)
        if found[title]
    ]


def _int8_loss(rows: Sequence[Prediction], labels: tuple[str, ...]) -> float:
    """Return what int8 costs on known voices: new ones shall choose nothing, not even a file."""
    as_float, as_int8 = (
        uar_of([row for row in rows if row.precision == precision], labels) for precision in _JUDGED
    )
    return as_float - as_int8


def _measured(rows: Sequence[Prediction], precision: str, labels: tuple[str, ...]) -> Measured:
    figures = figures_of([row for row in rows if row.precision == precision], labels)
    over = figures["over_folds"]
    return Measured(
        n_trainings=over["n"],
        n_clips=figures["n_clips"],
        accuracy=over["accuracy_mean"],
        accuracy_deviation=over["accuracy_deviation"],
        uar=over["uar_mean"],
        uar_deviation=over["uar_deviation"],
    )
