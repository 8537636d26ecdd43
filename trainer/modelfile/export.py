"""A finished run becomes model files, unless desktop and device disagree or a file costs much."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.contract.bundle import ModelBundle, write_packed
from edge.errors import OutputError
from trainer import corpora
from trainer.examples.dataset import non_voice_recordings
from trainer.examples.splits import Split
from trainer.judging import evaluate
from trainer.judging.verdicts import accepted_as_voice
from trainer.modelfile import model_card
from trainer.modelfile.candidates import (
    Candidates,
    KerasLogits,
    QualityError,
    candidates_of,
    packed,
    refuse_disparity,
    within_bounds,
)
from trainer.modelfile.model_card import CardFacts
from trainer.modelfile.precisions import PRECISIONS
from trainer.modelfile.recall import known_voices
from trainer.recipe.learning import RecordedNonVoice, WindowLearning
from trainer.recipe.schema import Recipe
from trainer.run import RunFolder, write_json

_SCREENED_FIGURES = ("uar", "accuracy", "macro_f1", "ece")
_KNOWN_VOICES = (
    "Split by recording, not by speaker: {known} of the {all} test speakers were trained on too. "
    "These figures say how well it knows these voices, and nothing of a new one. Every clip is "
    "analysed whole by the model file itself through the edge's own code, as `ser-edge analyze` "
    "does; the prediction may be any of the model's labels, and a clip without a label counts as "
    "wrong."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What was written."""

    path: Path
    precision: str
    n_bytes: int
    figures: dict[str, Any]
    """Of all precisions that were judged; see `trainer.modelfile.model_card.CardFacts`."""


def export(
    run: RunFolder, *, data: Path, out: Path, keras_logits: KerasLogits, precision: str = "int8"
) -> Exported:
    """Check a run, judge it on its test recordings, and write its model file.

    Parameters
    ----------
    run : RunFolder
    data : Path
        The folder of the corpora.
    out : Path
        The model file; it appears whole or not at all.
    keras_logits : callable
        The run's Keras model: a window of features in, logits out.
    precision : str
        One of `PRECISIONS`.

    Raises
    ------
    ParityError
        If librosa and the edge, or Keras and TFLite, disagree.
    QualityError
        If the precision loses more than the recipe allows, or the file is too large.
    OperatorTooNewError
        If the oldest supported runtime lacks an operator.
    NoInputError
        If the run has not ended or has no such network, or its recordings are not found.
    OutputError
        If the file cannot be written.
    """
    done, refused = _export(run, {precision: out}, data=data, keras_logits=keras_logits)
    if refused:
        raise refused[0]
    return done[0]


def export_all(
    run: RunFolder, *, data: Path, out: Path, keras_logits: KerasLogits
) -> tuple[list[Exported], list[QualityError]]:
    """Write a file for each precision that the run has; parameters and errors as `export`.

    Parameters
    ----------
    out : Path
        ``room.tflite`` stands for ``room-float32.tflite``, ``room-int8.tflite`` and so on.

    Returns
    -------
    exported : list of Exported
    refused : list of QualityError
        Why the others were not written.
    """
    run.read_facts()
    outs = {
        precision: out.with_name(f"{out.stem}-{precision}{out.suffix}")
        for precision in PRECISIONS
        if run.flatbuffer(precision).is_file()
    }
    return _export(run, outs, data=data, keras_logits=keras_logits)


def losses(done: Exported) -> dict[str, float]:
    """Return the UAR that a precision costs on each corpus' test recordings; 0.01 is a point."""
    return {
        corpus: done.figures["float32"][corpus]["uar"] - found["uar"]
        for corpus, found in done.figures[done.precision].items()
    }


def _export(
    run: RunFolder, outs: Mapping[str, Path], *, data: Path, keras_logits: KerasLogits
) -> tuple[list[Exported], list[QualityError]]:
    _refuse_places(outs.values())
    candidates = candidates_of(run, outs, data=data)
    refuse_disparity(candidates, keras_logits)
    good, refused = within_bounds(candidates, outs)
    if not good:
        return [], refused
    figures = _figures(candidates, good)
    write_json(run.path / "figures.json", figures)
    done = []
    for precision in good:
        try:
            content = packed(_finished(candidates, precision, figures), candidates.recipe)
        except QualityError as error:
            refused.append(error)
            continue
        write_packed(outs[precision], content)
        done.append(
            Exported(
                path=outs[precision], precision=precision, n_bytes=len(content), figures=figures
            )
        )
    return done, refused


def _refuse_places(outs: Iterable[Path]) -> None:
    """Raise where a file cannot be written anyway: judging takes minutes."""
    for out in outs:
        if not out.absolute().parent.is_dir():
            raise OutputError(f"{out} cannot be written: its folder does not exist; make it first")


def _figures(candidates: Candidates, precisions: Collection[str]) -> dict[str, Any]:
    recipe, split = candidates.recipe, candidates.split
    figures: dict[str, Any] = {
        "model": recipe.name,
        "version": recipe.version,
        "date_utc": f"{datetime.now(UTC):%Y-%m-%d}",
        "protocol": _protocol(split),
    }
    for precision in dict.fromkeys(("float32", *precisions)):
        rows = candidates.predictions(precision, split.test, title="test")
        figures[precision] = evaluate.report(rows, candidates.labels)
    figures["non_voice"] = {
        precision: _non_voice(candidates, precision) for precision in precisions
    }
    return figures


def _protocol(split: Split) -> str:
    known = known_voices(split)
    if not known:
        return evaluate.PROTOCOL
    return _KNOWN_VOICES.format(known=len(known), all=len(split.speakers("test")))


def _non_voice(candidates: Candidates, precision: str) -> dict[str, Any]:
    return {
        source.kind: accepted_as_voice(
            candidates.bundles[precision],
            non_voice_recordings(source, candidates.data)["test"],
            title=source.kind,
        )
        for source in _noises(candidates.recipe)
    }


def _noises(recipe: Recipe) -> tuple[RecordedNonVoice, ...]:
    learning = recipe.learning
    return learning.non_voice.recorded if isinstance(learning, WindowLearning) else ()


def _finished(candidates: Candidates, precision: str, figures: dict[str, Any]) -> ModelBundle:
    bundle, recipe, split = candidates.bundles[precision], candidates.recipe, candidates.split
    part = "known_voices" if known_voices(split) else "test"
    shown = {
        f"{corpus}.{part}.{figure}": found[figure]
        for corpus, found in figures[precision].items()
        for figure in _SCREENED_FIGURES
        if found[figure] is not None
    }
    manifest = dataclasses.replace(bundle.manifest, metrics=shown)
    facts = CardFacts(
        summary=recipe.summary,
        precision=precision,
        corpora=tuple(corpora.corpus(use.name, candidates.data) for use in recipe.corpora),
        noises=_noises(recipe),
        split=split,
        figures=figures,
    )
    card = model_card.render(manifest, facts)
    return dataclasses.replace(bundle, manifest=manifest, model_card=card)
