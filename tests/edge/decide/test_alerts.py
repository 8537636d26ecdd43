from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decide.alerts import AlertRule, RuleWatch
from edge.decide.outcomes import CauseNow

RATE_HZ = 16000
HOP = 8000
RULE = AlertRule(name="help", when=("distress",), hold_s=2.0, within_s=4.0)
SAD = {"sad": 0.4, "fearful": 0.3, "happy": 0.3}
HAPPY = {"sad": 0.1, "fearful": 0.1, "happy": 0.8}


class Story:
    """Windows of half a second for one rule."""

    def __init__(self, rule: AlertRule = RULE) -> None:
        self.watch = RuleWatch(rule, sample_rate_hz=RATE_HZ, hop_length=HOP)
        self.n = 0

    def hear(self, probabilities: dict[str, float], *, seconds: float) -> list[tuple[float, str]]:
        causes = []
        for _ in range(round(2 * seconds)):
            self.n += 1
            cause = self.watch.push(probabilities, at_sample=self.n * HOP)
            if cause:
                causes.append((cause.at_sample / RATE_HZ, f"{cause.phase}: {cause.reason}"))
        return causes


BEGAN = "began: distress for 2 s of the last 4 s"
ENDED = "ended: distress for 0.5 s of the last 4 s"


def test_it_begins_when_held_long_enough_and_lasts() -> None:
    story = Story()
    assert story.hear(SAD, seconds=10) == [(2.0, BEGAN)]
    assert story.watch.cause == CauseNow(
        reason="distress for 4 s of the last 4 s", confidence=pytest.approx(0.7)
    )


def test_emotions_of_a_group_count_together() -> None:
    assert (
        Story(AlertRule(name="x", when=("sad",), hold_s=2.0, within_s=4.0)).hear(SAD, seconds=4)
        == []
    )


def test_pauses_within_the_span_are_forgiven() -> None:
    story = Story()
    found = [story.hear(heard, seconds=1) for heard in (SAD, {}, SAD)]
    assert found == [[], [], [(3.0, BEGAN)]]


def test_too_sparse_is_not_enough() -> None:
    story = Story()
    assert [story.hear(h, seconds=1) for h in (SAD, HAPPY, HAPPY, HAPPY) * 4] == [[]] * 16
    assert story.watch.cause is None


def test_it_ends_when_little_of_it_is_left() -> None:
    story = Story()
    story.hear(SAD, seconds=2)
    assert story.hear(HAPPY, seconds=8) == [(5.5, ENDED)]
    assert story.watch.cause is None


def test_it_ends_with_its_rule() -> None:
    story = Story()
    assert story.watch.abandon(at_sample=0) is None
    story.hear(SAD, seconds=3)
    ended = story.watch.abandon(at_sample=story.n * HOP)
    assert ended
    assert (ended.phase, ended.reason) == ("ended", "rule removed")


def test_what_is_forgotten_is_held_against_nobody_later() -> None:
    story = Story()
    story.hear(SAD, seconds=1.5)
    assert story.watch.forget(at_sample=story.n * HOP) is None
    assert story.hear(SAD, seconds=1.5) == []
    story.hear(SAD, seconds=3)
    ended = story.watch.forget(at_sample=story.n * HOP)
    assert ended
    assert (ended.phase, story.watch.cause, story.watch.held_s) == ("ended", None, 0.0)


@given(st.lists(st.sampled_from([SAD, HAPPY, {}]), max_size=200))
def test_causes_begin_and_end_in_turn(story: list[dict[str, float]]) -> None:
    watch = RuleWatch(RULE, sample_rate_hz=RATE_HZ, hop_length=HOP)
    phases = []
    for i, heard in enumerate(story, 1):
        cause = watch.push(heard, at_sample=i * HOP)
        phases += [cause.phase] if cause else []
        assert watch.held_s == 0.5 * story[max(0, i - 8) : i].count(SAD)
        assert bool(watch.cause) is (len(phases) % 2 == 1)
        assert watch.cause or watch.held_s < RULE.hold_s
        assert not watch.cause or watch.held_s >= RULE.hold_s / 2.0
    assert phases == (["began", "ended"] * len(phases))[: len(phases)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "name is empty"),
        ({"when": ()}, "when is empty"),
        ({"when": ("rage",)}, "'rage' is neither an emotion nor a group"),
        ({"hold_s": 30.0}, "hold_s 30 is above within_s 20"),
    ],
)
def test_impossible_rules(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AlertRule(**({"name": "x"} | changes))


def test_every_fault_of_a_rule_is_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"hold_s 30 is above within_s 20.*; 'sadd' is neither"):
        AlertRule(name="a", when=("sadd",), hold_s=30.0, within_s=20.0)
