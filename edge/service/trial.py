"""Whether a new model stays healthy on live sound: a judgement without a clock of its own."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Final

from edge.record.minutes import percentile_95

MOST_WINDOWS: Final = 10
"""Health windows for which a trial waits for sound."""

SETTLING_S: Final = 10.0
"""Sound after a start in which losses and delays are the machine's, which is busy with starting."""

_LEAST_LATENCIES: Final = 4
"""A median of fewer says nothing: the first answers of a model are slow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """How a trial ends."""

    is_healthy: bool
    why: str
    """A sentence for a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """Under which a model is tried."""

    health_window_s: float
    """Live sound that it must stand."""
    hop_s: float
    """From one window to the next."""
    window_s: float
    """Sound before the first window, where the model starts with none."""
    heard_before: bool
    """Whether sound came before the trial began."""
    loss_share: float = 0.0
    """Share of the sound that was lost before the trial began."""


@dataclass(slots=True)
class TrialWatch:
    """Takes in what happens during a trial and says how it ends."""

    conditions: Conditions
    began_s: float
    sound_s: float = 0.0
    lost_s: float = 0.0
    n_windows: int = 0
    latencies_s: list[float] = field(default_factory=list)

    def hear(self, sound_s: float, *, lost_s: float) -> None:
        """Take in a block of live sound, and what was lost before it."""
        self.sound_s += sound_s
        if self.sound_s > self._settling_s:
            self.lost_s += lost_s

    def score(self, n_windows: int, *, latency_s: float) -> None:
        """Take in windows that were scored, and the time that each took."""
        self.n_windows += n_windows
        if self.sound_s > self._settling_s:
            self.latencies_s.append(latency_s)

    def verdict(self, *, now_s: float) -> Verdict | None:
        """Return how the trial ends; None while it goes on."""
        why = self._lateness() or self._loss() or self._silence(now_s - self.began_s)
        if why:
            return Verdict(is_healthy=False, why=why)
        needed_s = self.conditions.health_window_s
        if self.sound_s < needed_s or not self._has_scored():
            return None
        p95_s = percentile_95(self.latencies_s)
        if p95_s >= self.conditions.hop_s:
            return Verdict(is_healthy=False, why=self._too_slow("one window in twenty", p95_s))
        return Verdict(is_healthy=True, why=f"it stayed healthy on {self.sound_s:.0f} s of sound")

    @property
    def _settling_s(self) -> float:
        if self.conditions.heard_before:
            return 0.0
        return min(SETTLING_S, self.conditions.health_window_s / 2)

    def _lateness(self) -> str | None:
        if len(self.latencies_s) < _LEAST_LATENCIES:
            return None
        median_s = statistics.median(self.latencies_s)
        is_late = median_s >= self.conditions.hop_s
        return self._too_slow("a window", median_s) if is_late else None

    def _loss(self) -> str | None:
        usual_s = self.conditions.loss_share * self.sound_s
        if self.lost_s <= usual_s + self.conditions.hop_s:
            return None
        return f"{self.lost_s:.1f} s of sound were lost, which is more than before"

    def _silence(self, waited_s: float) -> str | None:
        patience_s = self.conditions.health_window_s
        if self.sound_s == 0.0:
            patience_s *= 1 if self.conditions.heard_before else MOST_WINDOWS
            if waited_s > patience_s:
                return f"no sound came for {waited_s:.0f} s, so nobody could judge it"
        elif waited_s > MOST_WINDOWS * patience_s:
            return f"only {self.sound_s:.0f} s of sound came in {waited_s:.0f} s"
        slack_s = self.conditions.window_s + 2 * self.conditions.hop_s
        if self.sound_s > patience_s + slack_s and not self._has_scored():
            return f"it answered {self.n_windows} times in {self.sound_s:.0f} s of sound"
        return None

    def _has_scored(self) -> bool:
        scored_s = self.n_windows * self.conditions.hop_s
        return bool(self.latencies_s) and scored_s >= self.conditions.health_window_s / 2

    def _too_slow(self, what: str, took_s: float) -> str:
        return (
            f"{what} takes it {1e3 * took_s:.0f} ms or more, and one comes every "
            f"{1e3 * self.conditions.hop_s:.0f} ms"
        )
