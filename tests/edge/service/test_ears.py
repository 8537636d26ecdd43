from __future__ import annotations

from dataclasses import replace

from edge.decide.alerts import AlertRule
from edge.decide.outcomes import Cause
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.service.ears import Ears
from edge.stream.vad import GateSettings
from tests.fakes.sound import block, bundled, classifier, sample

RULE = AlertRule(
    name="any", when=("activated", "distress"), confidence=0.0, hold_s=1.0, within_s=20.0
)


def test_what_was_heard_before_a_mute_calls_nobody_after_it() -> None:
    decision = replace(bundled().manifest.decision, non_voice_veto=1.0)
    scorer = WindowScorer(classifier(), gate=GateSettings(), decision=decision)
    ears = Ears(EmotionPipeline(scorer, rules=[RULE]))
    ears.push(block(sample()))
    assert RULE.name in ears.pipeline.holding
    causes = [outcome.phase for outcome in ears.pause() if isinstance(outcome, Cause)]
    assert causes == ["ended"]
    ears.resume()
    assert (ears.pipeline.holding, ears.pipeline.held_s) == ({}, {RULE.name: 0.0})
