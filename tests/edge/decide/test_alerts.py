from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decide.alerts import AlertMonitor, AlertRule

RATE_HZ = 16000
HOP = 8000
RULE = AlertRule(
    name="help", when=("distress",), hold_s=2.0, within_s=4.0, cooldown_s=20.0, sound_s=6.0
)
SAD = {"sad": 0.4, "fearful": 0.3, "happy": 0.3}
HAPPY = {"sad": 0.1, "fearful": 0.1, "happy": 0.8}


class Story:
    """Windows of half a second for one rule."""

    def __init__(self, rule: AlertRule = RULE) -> None:
        self.monitor = AlertMonitor(rule, sample_rate_hz=RATE_HZ, hop_length=HOP)
        self.n = 0

    def hear(self, probabilities: dict[str, float], *, seconds: float) -> list[tuple[float, str]]:
        alerts = []
        for _ in range(round(2 * seconds)):
            self.n += 1
            alert = self.monitor.push(probabilities, at_sample=self.n * HOP)
            if alert:
                alerts.append((alert.at_sample / RATE_HZ, f"{alert.phase}: {alert.reason}"))
        return alerts


RAISED = "raised: distress for 2 s of the last 4 s"


def test_it_is_raised_when_held_long_enough_and_ends_by_itself() -> None:
    story = Story()
    assert story.hear(SAD, seconds=10) == [(2.0, RAISED), (8.0, "ended: timed out")]


def test_emotions_of_a_group_count_together() -> None:
    assert (
        Story(AlertRule(name="x", when=("sad",), hold_s=2.0, within_s=4.0)).hear(SAD, seconds=4)
        == []
    )


def test_pauses_within_the_span_are_forgiven() -> None:
    story = Story()
    found = [story.hear(heard, seconds=1) for heard in (SAD, {}, SAD)]
    assert found == [[], [], [(3.0, RAISED)]]


def test_too_sparse_is_not_enough() -> None:
    story = Story()
    assert [story.hear(h, seconds=1) for h in (SAD, HAPPY, HAPPY, HAPPY) * 4] == [[]] * 16


def test_it_ends_with_its_cause() -> None:
    story = Story()
    story.hear(SAD, seconds=2)
    assert story.hear(HAPPY, seconds=8) == [(5.5, "ended: cause ended")]


def test_somebody_came() -> None:
    story = Story()
    story.hear(SAD, seconds=3)
    ended = story.monitor.acknowledge(at_sample=story.n * HOP)
    assert ended
    assert (ended.phase, ended.reason) == ("ended", "acknowledged")
    assert not story.monitor.sounding
    assert story.monitor.acknowledge(at_sample=story.n * HOP) is None


def test_the_cooldown_counts_from_the_alarm() -> None:
    story = Story()
    raised = [at for at, what in story.hear(SAD, seconds=60) if what.startswith("raised")]
    assert raised == [2.0, 22.0, 42.0]


@given(st.lists(st.sampled_from(["sad", "happy", "quiet", "come"]), max_size=200))
def test_alarms_begin_and_end_in_turn_and_respect_the_cooldown(story: list[str]) -> None:
    monitor = AlertMonitor(RULE, sample_rate_hz=RATE_HZ, hop_length=HOP)
    phases, raised_s = [], []
    for i, word in enumerate(story, 1):
        if word == "come":
            alert = monitor.acknowledge(at_sample=i * HOP)
        else:
            heard = {"sad": SAD, "happy": HAPPY, "quiet": {}}[word]
            alert = monitor.push(heard, at_sample=i * HOP)
        if alert:
            phases.append(alert.phase)
            if alert.phase == "raised":
                raised_s.append(alert.at_sample / RATE_HZ)
    assert phases == (["raised", "ended"] * len(phases))[: len(phases)]
    assert all(b - a >= RULE.cooldown_s for a, b in pairwise(raised_s))


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
