"""What the figures mean, in sentences for somebody who has never heard of a UAR."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edge.contract.labels import SEXES
from trainer.report.wording import interval, of_hundred, percent

_FEW_SPEAKERS = 5
_LEVELS = (
    (0.1, "This is hardly better than guessing: do not use it."),
    (0.4, "It is wrong too often to act upon: at best a hint, gathered over many minutes."),
    (0.7, "That is enough for a tendency over some minutes, not to judge a single sentence."),
    (1.0, "For such recordings that is often enough for one sentence; it is never a certainty."),
)
"""Up to which skill each sentence holds: 0 is guessing, 1 is faultless."""


def headline(report: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of the model file that the report is about."""
    figures: dict[str, Any] = report["precisions"][report["headline"]]["figures"]
    return figures


def subject(report: dict[str, Any]) -> str:
    """Return what the model names: ``"emotion"`` or ``"sex"``."""
    return "sex" if tuple(headline(report)["labels"]) == SEXES else "emotion"


def chance(figures: dict[str, Any]) -> float:
    """Return the UAR, and the mean accuracy, of guessing evenly among the labels."""
    return 1.0 / len(figures["labels"])


def commonest(figures: dict[str, Any]) -> float:
    """Return the accuracy of always giving the label that is the most frequent."""
    return max(map(sum, figures["confusion"])) / figures["n_clips"]


def sentences(report: dict[str, Any]) -> list[str]:
    """Return the verdict, most important first."""
    figures = headline(report)
    return [
        _rate(report, figures),
        *_caution(report, figures),
        *_extremes(figures, subject(report)),
        *_speakers(figures),
        "Recordings made for a data set are clearer than daily life: expect less at home.",
    ]


def tested(report: dict[str, Any]) -> str:
    """Say by whom the model was judged: by name, or how many where they are many."""
    by_corpus = {c["name"]: c["speakers_test"] for c in report["corpora"] if c["speakers_test"]}
    return "; ".join(f"{corpus}: {_people(names)}" for corpus, names in by_corpus.items())


def of_one(report: dict[str, Any]) -> str:
    """Say that a figure comes from one of many trainings; nothing where there is only one."""
    n_trainings = headline(report)["over_folds"]["n"]
    return f" (the first of the {n_trainings} trainings)" if n_trainings > 1 else ""


def one_line(report: dict[str, Any]) -> str:
    """Return the headline figures for a terminal."""
    figures = headline(report)
    between = figures["uar_interval"]
    spread = f" (95 % interval {interval(between)})" if between else ""
    told = (
        f"{report['headline']}: UAR {percent(figures['uar'])}{spread}, "
        f"accuracy {percent(figures['accuracy'])}, macro F1 {percent(figures['macro_f1'])}, "
        f"chance {percent(chance(figures))}; {figures['n_clips']} clips"
    )
    # A terminal's font may lack the narrow space.
    return told.replace("\N{NARROW NO-BREAK SPACE}", " ")


def _people(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= _FEW_SPEAKERS else f"{len(names)} people"


def _rate(report: dict[str, Any], figures: dict[str, Any]) -> str:
    whose = (
        "of people whose voices it had never heard"
        if report["new_speakers"]
        else "of people whose other recordings it had learned from"
    )
    n_trainings = figures["over_folds"]["n"]
    times = f" by {n_trainings} trainings" if n_trainings > 1 else ""
    return (
        f"Tested{times} on {figures['n_clips']} recordings {whose}, it named the right "
        f"{subject(report)} in {of_hundred(figures['accuracy'])}. "
        f"Guessing finds {of_hundred(chance(figures))}."
    )


def _caution(report: dict[str, Any], figures: dict[str, Any]) -> Iterator[str]:
    if not report["new_speakers"]:
        yield "This says nothing of a new voice, which it will understand clearly less well."
        return
    guessing = chance(figures)
    skill = (figures["uar"] - guessing) / (1.0 - guessing)
    between = figures["uar_interval"]
    if between and between[0] <= guessing:
        skill = 0.0
    yield next(text for most, text in _LEVELS if skill <= most)


def _extremes(figures: dict[str, Any], what: str) -> Iterator[str]:
    known = {label: value for label, value in figures["recall"].items() if value is not None}
    if len(known) < 2:
        return
    best, worst = max(known, key=known.__getitem__), min(known, key=known.__getitem__)
    confused = _mistaken_for(figures, worst)
    yield (
        f"The {what} it hears best is {best} ({of_hundred(known[best])}), the one it misses "
        f"most {worst} ({of_hundred(known[worst])} found{confused})."
    )


def _mistaken_for(figures: dict[str, Any], label: str) -> str:
    labels = figures["labels"]
    counts = figures["confusion"][labels.index(label)][: len(labels)]
    wrong = {other: n for other, n in zip(labels, counts, strict=True) if n and other != label}
    return f", most often taken for {max(wrong, key=wrong.__getitem__)}" if wrong else ""


def _speakers(figures: dict[str, Any]) -> Iterator[str]:
    found = figures["slices"].get("speaker")
    if not found:
        yield "Only one person was tested: the next voice may fare quite differently."
        return
    rates = [one["uar"] for one in found.values() if one["uar"] is not None]
    few = f" With only {len(found)} people tested, all this is rough." * (
        len(found) < _FEW_SPEAKERS
    )
    yield (
        f"It differs from person to person: from {percent(min(rates), 0)} to "
        f"{percent(max(rates), 0)}.{few}"
    )
