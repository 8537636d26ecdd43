from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.decide.alerts import AlertRule
from edge.decide.outcomes import Cause, Event, Outcome, Scores
from edge.dsp import extract
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.stream.blocks import AudioBlock
from edge.stream.vad import GateSettings
from tests.fakes.sound import block, bundled, classifier, cut, sample

# Everything is sure enough: the states are then the model's likeliest emotions.
KEEN = replace(
    bundled().manifest.decision, enter_confidence=0.13, leave_confidence=0.0, non_voice_veto=1.0
)
RULE = AlertRule(
    name="any", when=("activated", "distress"), confidence=0.0, hold_s=1.0, within_s=2.0
)


def scorer() -> WindowScorer:
    return WindowScorer(classifier(), gate=GateSettings(), decision=KEEN)


def outcomes(blocks: Iterable[AudioBlock]) -> list[Outcome]:
    pipeline = EmotionPipeline(scorer(), rules=[RULE])
    found = [outcome for b in blocks for outcome in pipeline.push(b)]
    return found + pipeline.flush()


def test_the_bundled_sample_gives_scores_events_and_a_cause() -> None:
    kinds = {type(outcome) for outcome in outcomes([block(sample())])}
    assert kinds == {Scores, Event, Cause}


@given(places=st.lists(st.integers(0, 25 * 16000), max_size=200))
@settings(max_examples=8)
def test_the_same_outcomes_for_any_cutting(places: list[int]) -> None:
    assert outcomes(cut(sample(), places)) == outcomes([block(sample())])


@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000])
def test_the_same_outcomes_for_any_cutting_at_other_rates(rate_hz: int) -> None:
    sound = sample()[: 8 * 16000]  # played at the wrong speed: only the cutting counts here
    pieces = cut(sound, list(range(0, len(sound), rate_hz // 50)), rate_hz=rate_hz)
    assert outcomes(pieces) == outcomes([block(sound, rate_hz=rate_hz)])


def test_scores_are_what_batch_extraction_and_the_classifier_give() -> None:
    sound, spec = sample(), bundled().manifest.features
    voiced = [s for s in outcomes([block(sound)]) if isinstance(s, Scores) and s.is_speech]
    assert len(voiced) > 10
    for scores in voiced:
        window = extract(sound[scores.start_sample : scores.end_sample], spec)
        assert classifier().probabilities(window).emotions == scores.probabilities


def test_windows_come_every_hop_and_the_last_covers_the_end() -> None:
    found = [s for s in outcomes([block(sample())]) if isinstance(s, Scores)]
    starts = [s.start_sample for s in found]
    assert starts[:3] == [0, 8000, 16000]
    assert len(sample()) - found[-1].end_sample < 250


@pytest.mark.parametrize(
    "sound",
    [np.zeros(160_000, np.float32), np.full(160_000, 0.3, np.float32)],
    ids=["silence", "constant"],
)
def test_nothing_to_hear_is_no_emotion(sound: np.ndarray) -> None:
    found = outcomes([block(sound)])
    assert found
    assert all(isinstance(s, Scores) and s.probabilities is None for s in found)


@pytest.mark.parametrize("n", [1, 100, 600, 16000])
def test_sound_shorter_than_a_window_has_one_window(n: int) -> None:
    found = [s for s in outcomes([block(sample()[16000 : 16000 + n])]) if isinstance(s, Scores)]
    assert [s.start_sample for s in found] == [0]


def test_nothing_at_all() -> None:
    assert outcomes([]) == []
    assert outcomes([block(np.zeros(0, np.float32))]) == []


def test_lost_sound_is_silence_in_the_stream() -> None:
    first, second = sample()[:40_000], sample()[40_000:80_000]
    lost = outcomes([block(first), block(second, n_lost=3200)])
    silent = outcomes([block(first), block(np.zeros(3200, np.float32)), block(second)])
    assert sum(o.n_lost for o in lost if isinstance(o, Scores)) == 3200
    assert [replace(o, n_lost=0) if isinstance(o, Scores) else o for o in lost] == silent


def test_a_long_outage_ends_the_state() -> None:
    pipeline = EmotionPipeline(scorer(), rules=[])
    pipeline.push(block(sample()[: 6 * 16000]))
    assert pipeline.decided.state != "no_speech"
    found = pipeline.push(block(np.zeros(320, np.float32), n_lost=3600 * 16000))
    assert "no_speech" in [o.state for o in found if isinstance(o, Event)]
    assert pipeline.scorer.n_seen < 20 * 16000


def test_a_microphone_may_come_back_with_another_rate() -> None:
    pipeline = EmotionPipeline(scorer(), rules=[])
    pipeline.push(block(sample()[:32000]))
    before = pipeline.scorer.n_seen
    pipeline.push(block(np.zeros(48000, np.float32), rate_hz=48000))
    assert 0 <= before + 16000 - pipeline.scorer.n_seen < 200


def test_what_holds_is_between_its_beginning_and_its_end() -> None:
    pipeline = EmotionPipeline(scorer(), rules=[RULE])
    holds = False
    for b in cut(sample(), list(range(0, len(sample()), 1600))):
        for outcome in pipeline.push(b):
            if isinstance(outcome, Cause):
                assert (outcome.phase == "began") is not holds
                holds = outcome.phase == "began"
        assert (RULE.name in pipeline.holding) is holds
        assert not holds or pipeline.held_s[RULE.name] >= RULE.hold_s / 2.0
