from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.decide.alerts import AlertRule
from edge.decide.outcomes import Cause
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.service.ears import Ears
from edge.stream.vad import GateSettings
from tests.fakes.sound import block, bundled, classifier, sample

RULE = AlertRule(
    name="any", when=("activated", "distress"), confidence=0.0, hold_s=1.0, within_s=20.0
)


def listening() -> Ears:
    """Ears that have heard enough for the rule."""
    decision = replace(bundled().manifest.decision, non_voice_veto=1.0)
    scorer = WindowScorer(classifier(), gate=GateSettings(), decision=decision)
    ears = Ears(EmotionPipeline(scorer, rules=[RULE]))
    ears.push(block(sample()))
    assert RULE.name in ears.pipeline.holding
    return ears


@pytest.mark.parametrize(("lost_s", "forgets"), [(19, False), (20, True), (3600, True)])
def test_what_was_heard_before_an_outage_is_too_long_ago_after_it(
    lost_s: int, forgets: bool
) -> None:
    ears = listening()
    quiet = np.zeros(320, np.float32)
    after = ears.push(block(quiet, n_lost=lost_s * 16000), after_outage=True)
    assert (RULE.name not in ears.pipeline.holding) == forgets
    assert [outcome.phase for outcome in after if isinstance(outcome, Cause)] == ["ended"] * forgets


def test_what_was_heard_before_a_mute_calls_nobody_after_it() -> None:
    ears = listening()
    causes = [outcome.phase for outcome in ears.pause() if isinstance(outcome, Cause)]
    assert causes == ["ended"]
    ears.resume()
    assert (ears.pipeline.holding, ears.pipeline.held_s) == ({}, {RULE.name: 0.0})
