from __future__ import annotations

from dataclasses import replace

import pytest

from edge.service.trial import Conditions, TrialWatch

USUAL = Conditions(health_window_s=20.0, hop_s=0.5, window_s=3.0, heard_before=True)
BLOCK_S = 0.02


class Story:
    """A trial in which time passes as the test says."""

    def __init__(self, conditions: Conditions = USUAL) -> None:
        self.watch = TrialWatch(conditions=conditions, began_s=100.0)
        self.now_s = 100.0

    def hear(
        self, seconds: float, *, latency_s: float = 0.01, lost_s: float = 0.0, scores: bool = True
    ) -> str:
        """Let sound come, window after window; return the words of the verdict."""
        for i in range(round(seconds / BLOCK_S)):
            self.now_s += BLOCK_S
            self.watch.hear(BLOCK_S, lost_s=lost_s if i == 0 else 0.0)
            if scores and (i + 1) % 25 == 0:
                self.watch.score(1, latency_s=latency_s)
        return self.verdict

    def wait(self, seconds: float) -> str:
        self.now_s += seconds
        return self.verdict

    @property
    def verdict(self) -> str:
        found = self.watch.verdict(now_s=self.now_s)
        if found is None:
            return "goes on"
        return f"{'healthy' if found.is_healthy else 'ill'}: {found.why}"


def test_it_is_healthy_after_its_window_and_not_before() -> None:
    story = Story()
    assert story.hear(19.9) == "goes on"
    assert story.hear(0.2) == "healthy: it stayed healthy on 20 s of sound"


def test_a_late_model_is_found_out_at_once() -> None:
    story = Story()
    assert story.hear(1.5, latency_s=0.8) == "goes on"
    words = "ill: a window takes it 800 ms or more, and one comes every 500 ms"
    assert story.hear(0.5, latency_s=0.8) == words


def test_one_slow_answer_is_forgiven_and_one_in_ten_is_not() -> None:
    story = Story()
    story.hear(0.5, latency_s=2.0)
    assert story.hear(19.6).startswith("healthy")
    story = Story()
    for _ in range(4):
        story.hear(0.5, latency_s=2.0)
        story.hear(4.5)
    assert story.hear(0.1).startswith("ill: one window in twenty takes it 2000 ms")


def test_a_machine_that_starts_has_time_to_settle() -> None:
    starting = replace(USUAL, heard_before=False)
    assert Story(starting).hear(1.0, lost_s=5.0) == "goes on"
    assert Story(starting).hear(3.0, latency_s=9.0) == "goes on"
    settled = Story(starting)
    settled.hear(starting.health_window_s / 2 + 0.1)
    assert settled.hear(1.0, lost_s=0.6).startswith("ill: 0.6 s of sound were lost")


def test_sound_that_is_lost_is_an_illness_unless_it_was_so_before() -> None:
    assert Story().hear(1.0, lost_s=0.4) == "goes on"
    assert (
        Story().hear(1.0, lost_s=0.6) == "ill: 0.6 s of sound were lost, which is more than before"
    )
    assert Story(replace(USUAL, loss_share=0.2)).hear(1.0, lost_s=0.6) == "goes on"


def test_a_model_that_never_answers_is_ill() -> None:
    story = Story()
    assert story.hear(23.9, scores=False) == "goes on"
    assert story.hear(0.2, scores=False) == "ill: it answered 0 times in 24 s of sound"


@pytest.mark.parametrize(("heard_before", "patience_s"), [(True, 20), (False, 200)])
def test_without_sound_nobody_can_judge(heard_before: bool, patience_s: float) -> None:
    story = Story(replace(USUAL, heard_before=heard_before))
    assert story.wait(patience_s) == "goes on"
    words = f"ill: no sound came for {patience_s + 1:.0f} s, so nobody could judge it"
    assert story.wait(1.0) == words


def test_sound_that_comes_late_is_enough_and_too_little_is_not() -> None:
    story = Story(replace(USUAL, heard_before=False))
    story.wait(150.0)
    assert story.hear(20.1).startswith("healthy")
    story = Story()
    story.hear(5.0)
    assert story.wait(190.0) == "goes on"
    assert story.wait(10.0) == "ill: only 5 s of sound came in 205 s"
