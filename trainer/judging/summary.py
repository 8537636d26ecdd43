"""The figures of a study as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainer.corpora.targets import spoken
from trainer.judging.evaluate import shares_text
from trainer.judging.figures import figures_of
from trainer.judging.predictions import Prediction


def summary(rows: Sequence[Prediction], labels: Sequence[str]) -> str:
    """Return a block of text for each precision: means over trainings, recalls, corpora.

    Parameters
    ----------
    rows : sequence of Prediction
        Of all trainings and precisions.
    labels : sequence of str
        Outputs of the model.
    """
    precisions = dict.fromkeys(row.precision for row in rows)
    blocks = (
        _block(name, figures_of([r for r in rows if r.precision == name], spoken(labels)))
        for name in precisions
    )
    return "\n\n".join(blocks)


def _block(precision: str, figures: dict[str, Any]) -> str:
    over = figures["over_folds"]
    lines = [
        _heading(precision, figures),
        f"  accuracy  {_spread(over, 'accuracy')}",
        f"  UAR       {_spread(over, 'uar')}   (chance {1 / len(figures['labels']):.1%})",
        f"  macro F1  {_spread(over, 'macro_f1')}",
        f"  recall    {shares_text(figures['recall'])}",
    ]
    by_corpus = figures["slices"].get("corpus", {})
    uars = {name: found["uar"] for name, found in by_corpus.items()}
    return "\n".join([*lines, f"  corpora   {shares_text(uars)}"] if uars else lines)


def _heading(precision: str, figures: dict[str, Any]) -> str:
    return (
        f"{precision}: {figures['n_clips']} judgements from {figures['over_folds']['n']} "
        f"trainings, {figures['n_without_label']} without a label"
    )


def _spread(over: dict[str, Any], name: str) -> str:
    deviation = over[f"{name}_deviation"]
    spread = "" if deviation is None else f" ± {deviation:.1%}"
    return f"{over[f'{name}_mean']:.1%}{spread}"
