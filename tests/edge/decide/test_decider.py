from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract.labels import EMOTIONS, NO_SPEECH, STATES, UNCERTAIN
from edge.decide.decider import StateDecider
from edge.decide.outcomes import Scores
from edge.decide.smoothing import ProbabilitySmoother
from tests.fakes.specs import DECISION

RATE_HZ = 16000
HOP = 8000


def spread(emotion: str, probability: float) -> dict[str, float]:
    rest = (1 - probability) / (len(EMOTIONS) - 1)
    return dict.fromkeys(EMOTIONS, rest) | {emotion: probability}


def scores(i: int, probabilities: dict[str, float] | None) -> Scores:
    return Scores(
        start_sample=i * HOP,
        end_sample=(i + 1) * HOP,
        speech_s=2.0 if probabilities else 0.0,
        level_dbfs=-30.0,
        is_speech=probabilities is not None,
        probabilities=probabilities,
        inference_ms=1.0,
    )


def states(words: str, **changes: float) -> list[str]:
    """Decide a story such as ``"angry.7 - - happy.9"``, a word a window of half a second."""
    decider = StateDecider(replace(DECISION, **changes), sample_rate_hz=RATE_HZ, hop_s=0.5)
    found = []
    for i, word in enumerate(words.split()):
        emotion, _, digits = word.partition(".")
        heard = None if word == "-" else spread(emotion, float("0." + digits))
        decider.push(scores(i, heard))
        found.append(decider.decided.state)
    return found


@pytest.mark.parametrize(
    ("words", "changes", "expected"),
    [
        ("- -", {}, [NO_SPEECH] * 2),
        ("angry.7 happy.7", {}, ["angry", "happy"]),
        # Hysteresis: in at 0.5, out below 0.4.
        ("sad.5 sad.45 sad.41 sad.39", {}, ["sad", "sad", "sad", UNCERTAIN]),
        ("sad.45 sad.49", {}, [UNCERTAIN, UNCERTAIN]),
        # Silence shorter than two seconds keeps the state, longer ends it.
        ("sad.9 - - - - -", {}, ["sad"] * 4 + [NO_SPEECH] * 2),
        ("sad.9 - - sad.9", {}, ["sad"] * 4),
        # Dwell: a new state must hold for a second.
        (
            "sad.9 sad.9 sad.9 happy.9 sad.9 happy.9 happy.9 happy.9",
            {"min_dwell_s": 1.0},
            [NO_SPEECH, NO_SPEECH, "sad", "sad", "sad", "sad", "sad", "happy"],
        ),
        # Smoothing: one odd window does not turn the state.
        ("sad.9 sad.9 happy.9 sad.9", {"smoothing_s": 2.0}, ["sad"] * 4),
    ],
)
def test_stories(words: str, changes: dict, expected: list[str]) -> None:
    assert states(words, **changes) == expected


def test_events_come_only_with_a_change_and_tell_why() -> None:
    decider = StateDecider(DECISION, sample_rate_hz=RATE_HZ, hop_s=0.5)
    event = decider.push(scores(0, spread("angry", 0.8)))
    assert event
    assert (event.state, event.at_sample, event.confidence) == ("angry", HOP, 0.8)
    assert sum(event.probabilities.values()) == pytest.approx(1.0)
    assert decider.push(scores(1, spread("angry", 0.9))) is None
    quiet = [decider.push(scores(i, None)) for i in range(2, 8)]
    (ended,) = [event for event in quiet if event]
    assert (ended.state, ended.confidence, ended.probabilities) == (NO_SPEECH, 0.0, {})


@given(st.lists(st.one_of(st.none(), st.sampled_from(EMOTIONS)), max_size=60))
def test_the_state_is_always_a_known_one_and_events_alternate(story: list[str | None]) -> None:
    decider = StateDecider(replace(DECISION, min_dwell_s=1.0), sample_rate_hz=RATE_HZ, hop_s=0.5)
    before = NO_SPEECH
    for i, emotion in enumerate(story):
        event = decider.push(scores(i, spread(emotion, 0.8) if emotion else None))
        assert decider.decided.state in STATES
        assert 0.0 <= decider.decided.confidence <= 1.0
        assert (event is not None) == (decider.decided.state != before)
        before = decider.decided.state


def test_reset_forgets() -> None:
    decider = StateDecider(replace(DECISION, smoothing_s=5.0), sample_rate_hz=RATE_HZ, hop_s=0.5)
    decider.push(scores(0, spread("angry", 0.9)))
    decider.reset()
    assert decider.decided.state == NO_SPEECH
    decider.push(scores(0, spread("happy", 0.9)))
    assert decider.decided.state == "happy"


def test_smoothing_follows_a_step_by_63_percent_in_its_time_constant() -> None:
    smoother = ProbabilitySmoother(time_constant_s=2.0, hop_s=0.5)
    smoother.push({"sad": 0.0})
    for _ in range(4):
        found = smoother.push({"sad": 1.0})
    assert found["sad"] == pytest.approx(0.632, abs=1e-3)
