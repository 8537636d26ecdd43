"""Figures against tables that were computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.judging import metrics

# Truth 0: two right, one lost. Truth 1: one right, one taken for 0. Truth 2 does not occur.
TRUTH = np.array([0, 0, 0, 1, 1])
PREDICTED = np.array([0, 0, metrics.NO_LABEL, 1, 0])


def test_confusion_counts_clips_without_a_label_in_the_last_column() -> None:
    expected = [[2, 0, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0]]
    assert metrics.confusion(TRUTH, PREDICTED, n_classes=3).tolist() == expected


def test_figures_of_the_table() -> None:
    assert metrics.accuracy(TRUTH, PREDICTED) == pytest.approx(3 / 5)
    assert metrics.uar(TRUTH, PREDICTED, n_classes=3) == pytest.approx((2 / 3 + 1 / 2) / 2)
    # F1 of 0: 2 * 2 / (3 + 3); of 1: 2 * 1 / (2 + 1).
    assert metrics.macro_f1(TRUTH, PREDICTED, n_classes=3) == pytest.approx((2 / 3 + 2 / 3) / 2)
    found = metrics.recalls(TRUTH, PREDICTED, n_classes=3)
    assert found[:2] == pytest.approx([2 / 3, 1 / 2])
    assert np.isnan(found[2])


def test_nothing_to_judge_is_no_number() -> None:
    none = np.array([], int)
    assert np.isnan(metrics.accuracy(none, none))
    assert np.isnan(metrics.uar(none, none, n_classes=3))
    assert np.isnan(metrics.macro_f1(none, none, n_classes=3))
    assert np.isnan(metrics.expected_calibration_error(np.array([]), np.array([], bool)))


@pytest.mark.parametrize(
    ("confidence", "right", "expected"),
    [
        ([1.0, 1.0], [True, True], 0.0),
        ([1.0, 1.0], [True, False], 0.5),
        # Bins [0, 0.5) and [0.5, 1]: gaps |0.2 - 0| and |0.9 - 1|, half of the clips each.
        ([0.2, 0.9], [False, True], (0.2 + 0.1) / 2),
    ],
)
def test_calibration_error(confidence: list[float], right: list[bool], expected: float) -> None:
    found = metrics.expected_calibration_error(np.array(confidence), np.array(right), n_bins=2)
    assert found == pytest.approx(expected)


def test_interval_draws_whole_speakers() -> None:
    right = np.array([1.0, 1.0, 1.0, 0.0])
    speakers = ["a", "a", "a", "b"]
    low, high = metrics.bootstrap_interval(lambda i: float(right[i].mean()), speakers)
    # Only a, both, or only b can be drawn: 1, 3/4 or 0.
    assert (low, high) == (0.0, 1.0)


def test_interval_of_one_speaker_has_no_width() -> None:
    low, high = metrics.bootstrap_interval(lambda i: len(i) / 4, ["a"] * 4)
    assert (low, high) == (1.0, 1.0)


labels = st.lists(
    st.tuples(st.integers(0, 4), st.integers(metrics.NO_LABEL, 4)), min_size=1, max_size=60
)


@given(labels)
def test_figures_are_shares(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = (np.array(column) for column in zip(*pairs, strict=True))
    for figure in (metrics.uar, metrics.macro_f1):
        assert 0.0 <= figure(truth, predicted, n_classes=5) <= 1.0
    assert metrics.confusion(truth, predicted, n_classes=5).sum() == len(pairs)


@given(labels)
def test_truth_itself_is_perfect(pairs: list[tuple[int, int]]) -> None:
    truth = np.array([t for t, _ in pairs])
    assert metrics.uar(truth, truth, n_classes=5) == 1.0
    assert metrics.macro_f1(truth, truth, n_classes=5) == 1.0


def test_precision_is_of_the_labels_given() -> None:
    found = metrics.precisions(TRUTH, PREDICTED, n_classes=3)
    assert found[:2] == pytest.approx([2 / 3, 1.0])
    assert np.isnan(found[2])
