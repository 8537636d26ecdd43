"""From a folder to a report: one dictionary with every figure, fit for JSON and for the page."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from edge.errors import UsageError
from trainer.corpora.targets import spoken
from trainer.examples.protocols import MEANINGS
from trainer.judging.figures import against, figures_of
from trainer.judging.predictions import Prediction
from trainer.modelfile import speed
from trainer.modelfile.precisions import PRECISIONS
from trainer.report import sources
from trainer.report.sources import Source
from trainer.run import SplitRow, split_rows

SCHEMA: Final = 1

_N_DISTURBED: Final = 200
_SEED: Final = 0
_BY_RECIPE: Final = "the recipe holds people out: nobody who was tested was learned from"
_MEANINGS: Final = dict[str, str]([*MEANINGS.items(), ("recipe", _BY_RECIPE)])

_log = logging.getLogger(__name__)


def gather(
    folder: Path, *, data: Path | None, random: Path | None = None, quick: bool = False
) -> dict[str, Any]:
    """Collect everything that the report shows.

    Parameters
    ----------
    folder : Path
        Of a run or of a study.
    data : Path, optional
        The folder of the corpora. Without it noise, echo and the features' importance are left
        out, and a run must have been judged before.
    random : Path, optional
        A study of the same recipe by a random split, to show beside it.
    quick : bool
        Whether to leave out noise, echo and importance, which take minutes.

    Returns
    -------
    dict
        Plain values; shares are 0 to 1, and what is not known is None.

    Raises
    ------
    NoInputError, UsageError, AudioDataError
    """
    source = sources.find(folder)
    rows = sources.predictions(source, data=data)
    judged = {p: [row for row in rows if row.precision == p] for p in PRECISIONS}
    by_precision = {precision: found for precision, found in judged.items() if found}
    headline = list(by_precision)[-1]  # the file for the smallest processors
    # First, since it may be refused, and the rest takes long.
    random_split = _random(source, random, headline) if random else None
    features_ms = speed.features_ms(source.recipe.features)
    split = [split_rows(cell.split) for cell in source.cells]
    return {
        **_identity(source),
        "protocol": _sentence(_MEANINGS[source.protocol]),
        "new_speakers": not any(map(_shares_speakers, split)),
        "headline": headline,
        "corpora": _corpora(source, [row for rows in split for row in rows]),
        "precisions": _precisions(source, by_precision, features_ms=features_ms),
        "features_ms": features_ms,
        "machine": speed.machine(),
        "history": sources.history(source.example),
        **_trials(source, headline, data=None if quick else data),
        "random_split": random_split,
    }


def _identity(source: Source) -> dict[str, Any]:
    recipe, facts = source.recipe, source.example.read_facts()
    origin = facts.origin
    return {
        "schema": SCHEMA,
        "name": recipe.name,
        "version": recipe.version,
        "recipe": recipe.name,
        "summary": recipe.summary,
        "source": recipe.source,
        "claim": recipe.claim,
        "licence": recipe.licence,
        "created_utc": origin.created_utc,
        "commit": origin.commit,
        "libraries": origin.libraries,
        "labels": list(recipe.labels),
        "spec": recipe.features.to_dict(),
        "n_parameters": facts.n_parameters,
    }


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."


def _shares_speakers(rows: Sequence[SplitRow]) -> bool:
    tested = {row.speaker for row in rows if row.part == "test"}
    return any(row.speaker in tested for row in rows if row.part == "train")


def _corpora(source: Source, rows: Sequence[SplitRow]) -> list[dict[str, Any]]:
    """Say of each corpus who had which part in any of the trainings."""
    notes = source.example.read_facts().origin.corpora
    return [
        {"name": note.name, "licence": note.licence}
        | _parts([row for row in rows if row.corpus == note.name])
        for note in notes
    ]


def _parts(rows: Sequence[SplitRow]) -> dict[str, Any]:
    parts = ("train", "validation", "test")
    counts = {f"n_{part}": len({row.file for row in rows if row.part == part}) for part in parts}
    people = {
        f"speakers_{part}": sorted({row.speaker for row in rows if row.part == part})
        for part in parts
    }
    return {**counts, **people}


def _precisions(
    source: Source, judged: dict[str, list[Prediction]], *, features_ms: float
) -> dict[str, Any]:
    from trainer.modelfile.manifest import bundle_of

    labels, reference = spoken(source.recipe.labels), judged.get("float32")
    found = {}
    for precision, rows in judged.items():
        bundle = bundle_of(source.example, precision, recipe=source.recipe)
        found[precision] = {
            "n_bytes": len(bundle.flatbuffer),
            "ms_per_window": features_ms + speed.network_ms(bundle),
            "figures": figures_of(rows, labels),
            "against_float32": None
            if precision == "float32" or reference is None
            else against(rows, reference, labels),
        }
    return found


def _trials(source: Source, precision: str, *, data: Path | None) -> dict[str, Any]:
    """Return what needs the recordings once more: disturbed, or with features taken away."""
    if data is None:
        _log.info("noise, echo and the features' importance are left out")
        return {"robustness": [], "importance": []}
    from trainer.judging.importance import importance
    from trainer.judging.robustness import Disturbances, curves
    from trainer.modelfile.manifest import bundle_of

    bundle = bundle_of(source.example, precision, recipe=source.recipe)
    utterances = sources.test_utterances(source, data=data)
    return {
        "robustness": curves(
            bundle,
            utterances,
            disturbances=Disturbances(noises=()),
            seed=_SEED,
            n_clips_most=_N_DISTURBED,
        ),
        "importance": importance(bundle, utterances, seed=_SEED),
    }


def _random(source: Source, folder: Path, precision: str) -> dict[str, Any]:
    """Return the figures of a random split.

    Raises
    ------
    UsageError
        If it is none, is of another recipe or lacks the precision.
    """
    other = sources.find(folder)
    if other.protocol != "random" or other.recipe.name != source.recipe.name:
        raise UsageError(
            f"{folder} is a study of {other.recipe.name} by the protocol {other.protocol}, "
            f"expected one of {source.recipe.name} by the protocol random"
        )
    rows = sources.predictions(other, data=None)
    chosen = [row for row in rows if row.precision == precision]
    if not chosen:
        raise UsageError(
            f"{folder} was judged at {_listed(row.precision for row in rows)}, expected "
            f"{precision}; carry it out with --precisions {precision}"
        )
    return figures_of(chosen, spoken(source.recipe.labels))


def _listed(words: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(words))
