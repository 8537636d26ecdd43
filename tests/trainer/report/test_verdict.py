"""The verdict says what the figures say, and warns where they say little."""

from __future__ import annotations

from typing import Any

import pytest

from trainer.report import verdict

Report = dict[str, Any]


def test_rate_and_chance_lead(report: Report) -> None:
    verdict.headline(report)["accuracy"] = 0.602
    told = verdict.sentences(report)[0]
    assert "384 recordings" in told
    assert "never heard" in told
    assert "60 of 100" in told
    assert "13 of 100" in told


@pytest.mark.parametrize(
    ("uar", "low", "words"),
    [
        (0.15, 0.13, "hardly better than guessing"),
        (0.40, 0.30, "wrong too often"),
        (0.40, 0.12, "hardly better than guessing"),
        (0.66, 0.60, "a tendency over some minutes"),
        (0.90, 0.85, "never a certainty"),
        (1.00, 1.00, "never a certainty"),
        (0.05, 0.01, "hardly better than guessing"),
    ],
)
def test_advice_follows_the_figure(report: Report, uar: float, low: float, words: str) -> None:
    verdict.headline(report).update(uar=uar, uar_interval=[low, 1.0])
    assert words in verdict.sentences(report)[1]


def test_known_voices_are_no_proof(report: Report) -> None:
    report["new_speakers"] = False
    first, second, *_ = verdict.sentences(report)
    assert "had learned from" in first
    assert "nothing of a new voice" in second


def test_best_and_worst_are_named(report: Report) -> None:
    figures = verdict.headline(report)
    figures["recall"] = dict.fromkeys(figures["labels"], 0.5) | {"angry": 0.9, "sad": 0.1}
    figures["confusion"][2] = [0, 0, 5, 0, 1, 0, 0, 30, 12]
    told = " ".join(verdict.sentences(report))
    assert "hears best is angry (90 of 100)" in told
    assert "sad (10 of 100 found, most often taken for neutral)" in told


def test_one_person_is_a_warning(report: Report) -> None:
    del verdict.headline(report)["slices"]["speaker"]
    assert "Only one person was tested" in " ".join(verdict.sentences(report))


def test_few_people_are_a_warning(report: Report) -> None:
    speakers = verdict.headline(report)["slices"]["speaker"]
    verdict.headline(report)["slices"]["speaker"] = dict(list(speakers.items())[:3])
    assert "only 3 people" in " ".join(verdict.sentences(report))


def test_a_model_of_the_sex(report: Report) -> None:
    figures = verdict.headline(report)
    figures["labels"] = ["female", "male"]
    figures["confusion"] = [[40, 2, 0], [4, 38, 0]]
    figures["recall"] = {"female": 0.95, "male": 0.9}
    assert verdict.subject(report) == "sex"
    assert verdict.chance(figures) == 0.5
    assert "the right sex" in verdict.sentences(report)[0]


def test_testers_are_named_or_counted(report: Report) -> None:
    report["corpora"][0]["speakers_test"] = [f"ravdess_{i}" for i in range(20)]
    report["corpora"][1]["speakers_test"] = []
    assert verdict.tested(report) == "ravdess: 20 people; nemo: nemo_SM0"


def test_one_line_is_plain_text(report: Report) -> None:
    verdict.headline(report)["uar_interval"] = None
    told = verdict.one_line(report)
    assert told.startswith("int8: UAR ")
    assert "interval" not in told
    assert told.isascii()
