"""One pipeline goes on where another stops: nobody who only sees the outcomes can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.decide.alerts import AlertRule
from edge.decide.outcomes import Cause, Event, Outcome, Scores
from edge.infer.classifier import EmotionClassifier
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.stream.blocks import AudioBlock
from edge.stream.vad import GateSettings
from tests.fakes.sound import block, bundled, classifier, cut, sample

KEEN = replace(
    bundled().manifest.decision, enter_confidence=0.13, leave_confidence=0.0, non_voice_veto=1.0
)
RULE = AlertRule(
    name="any", when=("activated", "distress"), confidence=0.0, hold_s=1.0, within_s=2.0
)
SHORT = AlertRule(name="short", when=("activated",), confidence=0.55, hold_s=1.0, within_s=2.0)
RULES = [RULE, SHORT]
HISTORY_S = 15.0
BLOCK = 320


def pipeline(
    model: EmotionClassifier | None = None,
    *,
    rules: Iterable[AlertRule] = RULES,
    gate: GateSettings = GateSettings(),  # noqa: B008 - frozen
    hop_s: float = KEEN.hop_s,
) -> EmotionPipeline:
    scorer = WindowScorer(
        model or classifier(),
        gate=gate,
        decision=replace(KEEN, hop_s=hop_s),
        history_s=HISTORY_S,
    )
    return EmotionPipeline(scorer, rules=list(rules))


def blocks(sound: np.ndarray | None = None, *, rate_hz: int = 16000) -> list[AudioBlock]:
    heard = sample() if sound is None else sound
    return list(cut(heard, list(range(0, len(heard), rate_hz // 50)), rate_hz=rate_hz))


def heard(played: Iterable[AudioBlock], *, switch_after: Iterable[int] = ()) -> list[Outcome]:
    """Play blocks; after each of the given numbers of blocks, another pipeline takes over."""
    running, found, places = pipeline(), [], set(switch_after)
    for i, each in enumerate(played, 1):
        found += running.push(each)
        if i in places:
            successor = pipeline()
            found += successor.take_over(running)
            running = successor
    return found + running.flush()


@pytest.fixture(scope="module")
def unswitched() -> list[Outcome]:
    return heard(blocks())


def test_the_story_has_everything_that_a_switch_could_spoil(unswitched: list[Outcome]) -> None:
    causes = [o for o in unswitched if isinstance(o, Cause)]
    assert {type(o) for o in unswitched} == {Scores, Event, Cause}
    assert {"began", "ended"} == {cause.phase for cause in causes}
    assert len([c for c in causes if c.rule == "short" and c.phase == "began"]) > 1


@pytest.mark.parametrize("n_blocks", [1, 4, 30, 151, 175, 333, 650, 651, 1000, 1200])
def test_a_switch_to_an_equal_model_changes_no_outcome(
    n_blocks: int, unswitched: list[Outcome]
) -> None:
    assert heard(blocks(), switch_after=[n_blocks]) == unswitched


@given(st.lists(st.integers(1, 1250), max_size=6))
@settings(max_examples=10)
def test_nor_do_many(places: list[int]) -> None:
    assert heard(blocks(), switch_after=places) == heard(blocks())


@pytest.mark.parametrize("rate_hz", [44100, 48000])
def test_nor_at_another_rate_of_the_microphone(rate_hz: int) -> None:
    sound = sample()[: 20 * 16000]
    played = blocks(sound, rate_hz=rate_hz)
    assert heard(played, switch_after=[111, 112, 250]) == heard(played)


def test_sound_that_was_lost_is_told_once() -> None:
    played = blocks()[:600]
    played[333] = replace(played[333], n_lost=3200)
    assert heard(played, switch_after=[334, 335]) == heard(played)


class Failing:
    """A classifier that breaks at its n-th answer."""

    def __init__(self, n: int) -> None:
        self.bundle = bundled()
        self._n_left = n

    def probabilities(self, features: np.ndarray) -> object:
        self._n_left -= 1
        if self._n_left < 0:
            raise RuntimeError("the interpreter broke")
        return classifier().probabilities(features)


@pytest.mark.parametrize("n_answers", [0, 1, 5])
@pytest.mark.parametrize("n_block", [BLOCK, 3 * 8000 + 7])
def test_after_a_failure_in_push_nothing_is_missing(n_answers: int, n_block: int) -> None:
    played = list(cut(sample(), list(range(0, len(sample()), n_block))))
    running, found = pipeline(Failing(n_answers)), []  # type: ignore[arg-type]
    n_failures = 0
    for each in played:
        told_to = running.scorer.n_seen
        try:
            found += running.push(each)
        except RuntimeError:
            n_failures += 1
            former, running = running, pipeline()
            found += running.take_over(former, told_to=told_to)
    found += running.flush()
    assert n_failures == 1
    assert found == heard(played)


def switched(make: Callable[[], EmotionPipeline], *, at: int) -> tuple[list[Outcome], list]:
    first, second = pipeline(), make()
    before = [o for b in blocks()[:at] for o in first.push(b)]
    after = second.take_over(first)
    return before, after + [o for b in blocks()[at:] for o in second.push(b)]


def test_another_hop_keeps_positions_and_causes() -> None:
    before, after = switched(lambda: pipeline(hop_s=0.25), at=650)
    ends = [o.end_sample for o in after if isinstance(o, Scores)]
    last = max(o.end_sample for o in before if isinstance(o, Scores))
    assert 0 < ends[0] - last <= KEEN.hop_s * 16000
    assert {b - a for a, b in pairwise(ends)} == {4000}
    began = [o.at_sample for o in [*before, *after] if isinstance(o, Cause) and o.rule == "any"]
    assert len(began) == len(set(began))
    phases = [o.phase for o in [*before, *after] if isinstance(o, Cause) and o.rule == "any"]
    assert phases == (["began", "ended"] * len(phases))[: len(phases)]


def test_another_notion_of_speech_hears_the_past_with_it() -> None:
    deaf = GateSettings(lowest_level_dbfs=0.0)
    _, after = switched(lambda: pipeline(gate=deaf), at=650)
    assert all(o.speech_s == 0.0 for o in after if isinstance(o, Scores))


def test_the_cause_of_a_rule_that_is_gone_ends() -> None:
    first = pipeline()
    played = iter(blocks())
    while RULE.name not in first.holding:
        first.push(next(played))
    second = pipeline(rules=[])
    (ended,) = [o for o in second.take_over(first) if isinstance(o, Cause) and o.rule == "any"]
    assert (ended.phase, ended.reason) == ("ended", "rule removed")
    assert second.holding == {}


def test_windows_without_speech_may_be_classified_for_the_exercise() -> None:
    quiet = block(np.random.default_rng(0).normal(0, 1e-4, 8 * 16000).astype(np.float32))
    usual, exercised = pipeline(), pipeline(Failing(0))  # type: ignore[arg-type]
    assert all(s.probabilities is None for s in usual.push(quiet) if isinstance(s, Scores))
    exercised.scorer.infers_always = True
    with pytest.raises(RuntimeError):
        exercised.push(quiet)
    willing = pipeline()
    willing.scorer.infers_always = True
    assert willing.push(quiet) == pipeline().push(quiet)
