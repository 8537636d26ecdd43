"""Figures of predictions: tables computed by hand, and what must hold for any predictions."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from tests.fakes.predictions import LABELS, prediction
from trainer.judging.figures import PredictionsError, against, figures_of
from trainer.judging.predictions import Prediction

# Speaker a: calm right, calm lost, happy taken for calm. Speaker b: calm and happy right.
TABLE = (
    prediction("calm", "calm", 0.9, speaker="a", intensity="strong", sex="F", age_years=26),
    prediction("calm", "", speaker="a", intensity="strong", sex="F", age_years=26),
    prediction("happy", "calm", 0.4, speaker="a", intensity="normal", sex="F", age_years=26),
    prediction("calm", "calm", 0.8, speaker="b", intensity="normal", sex="M", age_years=64),
    prediction("happy", "happy", 0.6, speaker="b", intensity="normal", sex="M", age_years=64),
)

word = st.sampled_from(LABELS)
predictions = st.lists(
    st.builds(
        prediction,
        truth=word,
        predicted=st.sampled_from((*LABELS, "")),
        confidence=st.floats(0, 1),
        seed=st.integers(1, 2),
        fold=st.sampled_from(["", "fold 1"]),
        speaker=st.sampled_from(["a", "b", "c"]),
        sex=st.sampled_from(["F", "M", ""]),
        age_years=st.none() | st.integers(1, 99),
        intensity=st.sampled_from(["", "normal", "strong"]),
    ),
    min_size=1,
    max_size=30,
)


def rounded(value: Any) -> Any:
    """Round what the order of a sum may change in its last digit."""
    return json.loads(json.dumps(value), parse_float=lambda text: round(float(text), 12))


def test_figures_of_a_table() -> None:
    found = figures_of(TABLE, LABELS)
    assert (found["n_clips"], found["n_without_label"]) == (5, 1)
    assert found["labels"] == list(LABELS)
    assert found["accuracy"] == pytest.approx(3 / 5)
    assert found["uar"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found["macro_f1"] == pytest.approx((2 * 2 / 6 + 2 * 1 / 3) / 2)
    assert found["confusion"] == [[2, 0, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0]]
    assert found["recall"] == {"calm": pytest.approx(2 / 3), "happy": 0.5, "sad": None}
    assert found["precision"] == {"calm": pytest.approx(2 / 3), "happy": 1.0, "sad": None}
    # Bins of 1/15, one labelled clip in each: |0.9 - 1|, |0.4 - 0|, |0.8 - 1|, |0.6 - 1|.
    assert found["ece"] == pytest.approx((0.1 + 0.4 + 0.2 + 0.4) / 4)
    assert [b["n"] for b in found["reliability"]] == [1, 1, 1, 1]
    assert found["coverage"][-1] == {"coverage": 0.8, "threshold": 0.4, "accuracy": 0.75}


def test_the_intervals_draw_whole_speakers() -> None:
    found = figures_of(TABLE, LABELS)
    # Only a (1/3 right, UAR 1/4), only b (all right) or both can be drawn.
    assert found["accuracy_interval"] == [pytest.approx(1 / 3), 1.0]
    assert found["uar_interval"] == [0.25, 1.0]


def test_one_speaker_has_no_interval() -> None:
    found = figures_of(TABLE[:3], LABELS)
    assert found["uar_interval"] is None
    assert found["accuracy_interval"] is None


def test_slices_of_a_table() -> None:
    slices = figures_of(TABLE, LABELS)["slices"]
    # There is one corpus, and no text is known.
    assert list(slices) == ["intensity", "sex", "age", "speaker"]
    assert list(slices["sex"]) == ["female", "male"]
    assert list(slices["age"]) == ["under 30", "60 and over"]
    assert slices["intensity"]["strong"] == {
        "n_clips": 2,
        "uar": 0.5,
        "accuracy": 0.5,
        "recall": {"calm": 0.5, "happy": None, "sad": None},
    }
    assert slices["speaker"]["b"]["uar"] == 1.0


@pytest.mark.parametrize(
    ("age_years", "group"),
    [(29, "under 30"), (30, "30 to 59"), (59, "30 to 59"), (60, "60 and over")],
)
def test_age_groups(age_years: int, group: str) -> None:
    other = 99 if age_years < 60 else 1
    ages = (age_years, other)
    slices = figures_of([prediction("calm", "calm", age_years=age) for age in ages], LABELS)
    assert slices["slices"]["age"][group]["n_clips"] == 1


def test_spread_is_over_folds_and_seeds() -> None:
    cells = (
        prediction("calm", "calm", seed=2, fold="a"),
        prediction("calm", "happy", seed=1, fold="b"),
        prediction("calm", "calm", seed=1, fold="b"),
    )
    found = figures_of(cells, LABELS)["over_folds"]
    assert [(c["seed"], c["fold"], c["n_clips"], c["uar"]) for c in found["cells"]] == [
        (1, "b", 2, 0.5),
        (2, "a", 1, 1.0),
    ]
    assert (found["n"], found["uar_mean"]) == (2, 0.75)
    assert found["uar_deviation"] == pytest.approx(np.std([0.5, 1.0], ddof=1))


def test_one_training_has_no_spread() -> None:
    found = figures_of(TABLE, LABELS)["over_folds"]
    assert found["n"] == 1
    assert found["uar_mean"] == figures_of(TABLE, LABELS)["uar"]
    assert found["uar_deviation"] is None


def test_labels_may_be_the_sexes() -> None:
    rows = [prediction("female", "female"), prediction("male", "female")]
    found = figures_of(rows, ("female", "male"))
    assert found["recall"] == {"female": 1.0, "male": 0.0}


def test_nothing_to_judge_is_refused() -> None:
    with pytest.raises(UsageError, match="no predictions to judge"):
        figures_of([], LABELS)


@pytest.mark.parametrize(
    ("stranger", "told"),
    [
        (prediction("angry", "calm"), "name angry; expected one of calm, happy, sad"),
        (prediction("calm", "angry"), "name angry"),
        (prediction("", "calm"), "name no truth"),
    ],
)
def test_a_label_that_the_model_lacks_is_refused(stranger: Prediction, told: str) -> None:
    with pytest.raises(PredictionsError, match=told):
        figures_of([*TABLE, stranger], LABELS)


@given(predictions)
def test_figures_are_numbers_or_null(rows: list[Prediction]) -> None:
    found = figures_of(rows, LABELS)
    json.dumps(found, allow_nan=False)
    for name in ("accuracy", "uar", "macro_f1"):
        assert 0.0 <= found[name] <= 1.0
    assert np.sum(found["confusion"]) == len(rows)


@given(st.data(), predictions)
def test_the_order_of_the_clips_changes_nothing(data: Any, rows: list[Prediction]) -> None:
    others = data.draw(st.permutations(rows))
    assert rounded(figures_of(others, LABELS)) == rounded(figures_of(rows, LABELS))


@given(predictions)
def test_the_truth_itself_is_perfect(rows: list[Prediction]) -> None:
    right = [prediction(p.truth, p.truth, 1.0, speaker=p.speaker) for p in rows]
    found = figures_of(right, LABELS)
    assert found["accuracy"] == found["uar"] == found["macro_f1"] == 1.0
    assert found["uar_interval"] in (None, [1.0, 1.0])
    assert found["ece"] == 0.0
    assert found["coverage"] == [{"coverage": 1.0, "threshold": 1.0, "accuracy": 1.0}]


@given(predictions)
def test_silence_is_always_wrong(rows: list[Prediction]) -> None:
    found = figures_of([prediction(p.truth, "") for p in rows], LABELS)
    assert found["accuracy"] == found["uar"] == 0.0
    assert found["ece"] is None
    assert found["reliability"] == found["coverage"] == []


def numbered(rows: tuple[Prediction, ...]) -> list[Prediction]:
    return [replace(row, file=f"ravdess/{i}.wav") for i, row in enumerate(rows)]


def test_difference_between_two_precisions() -> None:
    float32 = numbered(TABLE)
    int8 = [*float32[:4], replace(float32[4], predicted="calm", precision="int8")]
    found = against(int8, float32[::-1], LABELS)
    assert found["uar_difference"] == pytest.approx(-0.25)
    # Of speaker a nothing differs; of b the UAR falls from 1 to 1/2.
    assert found["interval"] == [pytest.approx(-0.5), 0.0]


def test_one_speaker_has_no_interval_of_the_difference() -> None:
    assert against(TABLE[:3], TABLE[:3], LABELS) == {"uar_difference": 0.0, "interval": None}


@given(predictions)
def test_a_precision_does_not_differ_from_itself(rows: list[Prediction]) -> None:
    found = against(rows, rows, LABELS)
    assert found["uar_difference"] == 0.0
    assert found["interval"] in (None, [0.0, 0.0])


@pytest.mark.parametrize(
    "others", [numbered(TABLE)[:4], numbered(TABLE[::-1]), []], ids=["fewer", "others", "none"]
)
def test_other_clips_are_not_compared(others: list[Prediction]) -> None:
    with pytest.raises(UsageError, match="expected the same clips in both"):
        against(others, numbered(TABLE), LABELS)
