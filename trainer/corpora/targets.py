"""What a model is asked about a recording: its emotion, or the speaker's sex."""

from __future__ import annotations

from collections.abc import Sequence

from edge.contract.labels import NON_VOICE, SEXES
from trainer.corpora.base import Findings, LeftOut, Utterance

_SEX_LABELS = {"F": "female", "M": "male"}


def spoken(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the outputs of a model that it may answer a voice with: all but ``non_voice``."""
    return tuple(label for label in labels if label != NON_VOICE)


def target(utterance: Utterance, labels: Sequence[str]) -> str:
    """Return the label that is right for a recording; empty where the model has none for it.

    Parameters
    ----------
    utterance : Utterance
    labels : sequence of str
        Outputs of the model.
    """
    asks_for_sex = tuple(labels) == SEXES
    word = _SEX_LABELS.get(utterance.sex, "") if asks_for_sex else utterance.emotion
    return word if word in labels else ""


def with_target(utterances: Sequence[Utterance], labels: Sequence[str]) -> Findings:
    """Part recordings into those that the labels can tell apart and those without a label."""
    return Findings(
        utterances=tuple(u for u in utterances if target(u, labels)),
        left_out=tuple(
            LeftOut(path=u.path, cause="by design", reason=_reason(u, labels))
            for u in utterances
            if not target(u, labels)
        ),
    )


def _reason(utterance: Utterance, labels: Sequence[str]) -> str:
    if tuple(labels) == SEXES:
        return "the speaker's sex is not known"
    return f"{utterance.emotion}, which is none of the model's labels"
