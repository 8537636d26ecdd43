from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from trainer.studio.listening import Take
from trainer.studio.verdict import (
    Verdict,
    background_dbfs,
    has_flat_top,
    judge,
    judge_place,
    peak_dbfs,
    snr_db,
)

LEVELS_DBFS = st.floats(-90.0, 0.0)


def _take(
    *,
    peak: float = 0.1,
    speech_s: float = 2.0,
    speech_dbfs: float = -30.0,
    n_lost: int = 0,
    is_too_long: bool = False,
    n_at_limit: int = 0,
) -> Take:
    samples = np.full(1000, peak, np.float32)
    samples[100 : 100 + n_at_limit] = -1.0
    return Take(
        samples=samples,
        sample_rate_hz=16000,
        speech_s=speech_s,
        speech_dbfs=speech_dbfs,
        n_lost=n_lost,
        is_too_long=is_too_long,
    )


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, Verdict.GOOD),
        ({"speech_s": 0.0}, Verdict.EMPTY),
        ({"speech_s": 0.45}, Verdict.SHORT),
        ({"n_lost": 1}, Verdict.LOST),
        ({"is_too_long": True}, Verdict.LONG),
        ({"n_at_limit": 2}, Verdict.GOOD),
        ({"n_at_limit": 3}, Verdict.CLIPPED),
        ({"speech_dbfs": -49.0}, Verdict.GOOD),
        ({"speech_dbfs": -51.0}, Verdict.QUIET),
        ({"speech_s": 0.0, "n_at_limit": 3, "n_lost": 1}, Verdict.EMPTY),
    ],
)
def test_a_take_is_judged_by_its_first_fault(facts: dict, expected: Verdict) -> None:
    assert judge(_take(**facts), noise_dbfs=-70.0) is expected


def test_a_take_that_hardly_rises_from_the_noise_is_too_quiet() -> None:
    assert judge(_take(speech_dbfs=-30.0), noise_dbfs=-34.0) is Verdict.QUIET


@pytest.mark.parametrize(
    ("facts", "noise_dbfs", "expected"),
    [
        ({}, -60.0, Verdict.GOOD),
        ({"peak": 0.5}, -60.0, Verdict.LOUD),
        ({}, -48.0, Verdict.NOISY),
        ({"speech_dbfs": -47.0}, -80.0, Verdict.QUIET),
        ({"n_at_limit": 9}, -60.0, Verdict.CLIPPED),
    ],
)
def test_the_place_needs_room_for_the_emotions_to_come(
    facts: dict, noise_dbfs: float, expected: Verdict
) -> None:
    assert judge_place(_take(**facts), noise_dbfs=noise_dbfs) is expected


@given(LEVELS_DBFS, LEVELS_DBFS)
def test_the_ratio_takes_the_noise_off_the_speech(signal_dbfs: float, noise_dbfs: float) -> None:
    both_dbfs = 10 * np.log10(10 ** (signal_dbfs / 10) + 10 ** (noise_dbfs / 10))
    expected = max(-20.0, signal_dbfs - noise_dbfs)
    assert snr_db(both_dbfs, noise_dbfs=noise_dbfs) == pytest.approx(expected, abs=1e-3)


def test_a_constant_part_is_no_noise_and_silence_has_a_floor() -> None:
    wave = np.tile(np.float32([0.01, -0.01]), 500)
    assert background_dbfs(wave + np.float32(0.2)) == pytest.approx(-40.0, abs=0.01)
    assert background_dbfs(np.zeros(100, np.float32)) == -96.0


def test_a_peak_in_decibels() -> None:
    assert peak_dbfs(np.float32([0.1, -0.5])) == pytest.approx(-6.02, abs=0.01)
    assert peak_dbfs(np.zeros(3, np.float32)) == -120.0
    assert peak_dbfs(np.zeros(0, np.float32)) == -120.0


@given(st.lists(st.booleans(), max_size=30))
def test_three_neighbours_at_full_scale_are_a_flat_top(at_limit: list[bool]) -> None:
    text = "".join("x" if is_at_limit else "." for is_at_limit in at_limit)
    samples = np.float32([1.0 if is_at_limit else 0.5 for is_at_limit in at_limit])
    assert has_flat_top(samples) == ("xxx" in text)
