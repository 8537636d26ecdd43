from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decide.outcomes import Scores
from edge.record.minutes import MinuteTally

RATE_HZ = 16_000
HOP = 4_000


def scores(end_sample, *, level_dbfs=-40.0, is_speech=False, inference_ms=0.0, n_lost=0):
    return Scores(
        start_sample=max(end_sample - 3 * RATE_HZ, 0),
        end_sample=end_sample,
        speech_s=0.0,
        level_dbfs=level_dbfs,
        is_speech=is_speech,
        probabilities=None,
        inference_ms=inference_ms,
        n_lost=n_lost,
    )


def fed(tally, hops):
    """Feed (state, keywords of scores) one after the other; return the summaries."""
    summaries = []
    for i, (state, fields) in enumerate(hops, start=1):
        summary = tally.feed(scores(i * HOP, **fields), state=state)
        summaries += [summary] if summary else []
    return summaries


def test_a_minute_is_full_after_sixty_seconds_of_the_stream():
    hops = [("calm", {})] * 239
    tally = MinuteTally(sample_rate_hz=RATE_HZ)
    assert fed(tally, hops) == []
    summary = tally.feed(scores(60 * RATE_HZ), state="calm")
    assert summary is not None
    assert (summary.length_s, summary.n_windows) == (60.0, 240)
    assert tally.finish() is None


def test_states_and_speech_are_counted_in_seconds():
    hops = [("no_speech", {})] * 100 + [("angry", {"is_speech": True})] * 140
    (summary,) = fed(MinuteTally(sample_rate_hz=RATE_HZ), hops)
    assert summary.states_s == {"no_speech": 25.0, "angry": 35.0}
    assert summary.speech_s == 35.0


def test_the_first_window_stands_for_all_the_sound_before_its_end():
    tally = MinuteTally(sample_rate_hz=RATE_HZ)
    tally.feed(scores(3 * RATE_HZ), state="no_speech")
    assert tally.finish().length_s == 3.0


def test_levels_are_averaged_as_power():
    hops = [("calm", {"level_dbfs": -20.0})] * 120 + [("calm", {"level_dbfs": -120.0})] * 120
    (summary,) = fed(MinuteTally(sample_rate_hz=RATE_HZ), hops)
    assert summary.mean_level_dbfs == pytest.approx(-20.0 + 10 * math.log10(0.5), abs=1e-6)
    assert summary.max_level_dbfs == -20.0


@pytest.mark.parametrize(
    ("times_ms", "expected_ms"),
    [
        ([], 0.0),
        ([5.0], 5.0),
        (list(range(1, 21)), 19.0),
        (list(range(1, 101)), 95.0),
        ([0.0, 0.0, 7.0], 7.0),
    ],
)
def test_the_p95_counts_only_runs_of_the_model(times_ms, expected_ms):
    tally = MinuteTally(sample_rate_hz=RATE_HZ)
    fed(tally, [("calm", {"inference_ms": float(ms)}) for ms in times_ms] or [("calm", {})])
    assert tally.finish().inference_ms_p95 == expected_ms


def test_lost_samples_are_told_once():
    tally = MinuteTally(sample_rate_hz=RATE_HZ)
    fed(tally, [("calm", {"n_lost": 320}), ("calm", {"n_lost": 80})])
    assert tally.finish().n_lost == 400
    fed(tally, [("calm", {})] * 2)
    assert tally.finish().n_lost == 0


def test_nothing_heard_gives_no_summary():
    assert MinuteTally(sample_rate_hz=RATE_HZ).finish() is None


@given(
    hops=st.lists(
        st.tuples(
            st.integers(1, 3 * RATE_HZ),
            st.sampled_from(["calm", "sad", "no_speech"]),
            st.booleans(),
        ),
        max_size=200,
    )
)
def test_no_second_is_lost_or_counted_twice(hops):
    tally = MinuteTally(sample_rate_hz=RATE_HZ)
    summaries, end = [], 0
    for n_samples, state, is_speech in hops:
        end += n_samples
        summaries.append(tally.feed(scores(end, is_speech=is_speech), state=state))
    summaries = [s for s in [*summaries, tally.finish()] if s]
    assert sum(s.length_s for s in summaries) == pytest.approx(end / RATE_HZ)
    assert sum(s.n_windows for s in summaries) == len(hops)
    for summary in summaries:
        assert sum(summary.states_s.values()) == pytest.approx(summary.length_s)
        assert 0.0 <= summary.speech_s <= summary.length_s
