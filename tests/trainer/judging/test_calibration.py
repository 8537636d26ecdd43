"""Reliability and coverage against tables that were computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.judging import calibration, metrics

outcomes = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def test_reliability_leaves_empty_bins_out() -> None:
    found = calibration.reliability(
        np.array([0.1, 0.2, 1.0]), np.array([True, False, True]), n_bins=4
    )
    assert found == [
        {"low": 0.0, "high": 0.25, "n": 2, "confidence": pytest.approx(0.15), "accuracy": 0.5},
        {"low": 0.75, "high": 1.0, "n": 1, "confidence": 1.0, "accuracy": 1.0},
    ]


def test_coverage_of_a_table() -> None:
    found = calibration.coverage(
        np.array([0.3, 0.9, 0.6, 0.8]), np.array([False, True, False, True]), n_clips=5, n_points=5
    )
    # One of five clips has no label: 80 % is all that can be covered.
    assert found == [
        {"coverage": 0.2, "threshold": 0.9, "accuracy": 1.0},
        {"coverage": 0.4, "threshold": 0.8, "accuracy": 1.0},
        {"coverage": 0.6, "threshold": 0.6, "accuracy": pytest.approx(2 / 3)},
        {"coverage": 0.8, "threshold": 0.3, "accuracy": 0.5},
    ]


def test_clips_of_one_confidence_are_covered_together() -> None:
    found = calibration.coverage(np.full(4, 0.7), np.array([True, False, True, True]), n_clips=4)
    assert found == [{"coverage": 1.0, "threshold": 0.7, "accuracy": 0.75}]


def test_nothing_labelled_is_in_no_bin_and_not_covered() -> None:
    nothing, never = np.array([]), np.array([], np.bool_)
    assert calibration.reliability(nothing, never) == []
    assert calibration.coverage(nothing, never, n_clips=3) == []


@given(outcomes)
def test_bins_hold_every_clip_and_give_the_calibration_error(pairs: list) -> None:
    confidence, right = (np.array(column) for column in zip(*pairs, strict=True))
    bins = calibration.reliability(confidence, right)
    assert sum(b["n"] for b in bins) == len(pairs)
    assert all(b["low"] <= b["confidence"] + 1e-9 <= b["high"] + 2e-9 for b in bins)
    gaps = sum(b["n"] * abs(b["confidence"] - b["accuracy"]) for b in bins)
    error = metrics.expected_calibration_error(confidence, right)
    assert gaps / len(pairs) == pytest.approx(error)


@given(outcomes, st.integers(0, 20))
def test_coverage_rises_to_all_labelled_clips(pairs: list, n_unlabelled: int) -> None:
    confidence, right = (np.array(column) for column in zip(*pairs, strict=True))
    n_clips = len(pairs) + n_unlabelled
    points = calibration.coverage(confidence, right, n_clips=n_clips)
    shares = [point["coverage"] for point in points]
    thresholds = [point["threshold"] for point in points]
    assert shares == sorted(set(shares))
    assert thresholds == sorted(set(thresholds), reverse=True)
    assert len(points) <= calibration.N_POINTS
    assert shares[-1] == len(pairs) / n_clips
    assert points[-1]["accuracy"] == right.mean()
