"""StateDecider: which state the room is in, without flicker, and with the right to be unsure."""

from __future__ import annotations

from dataclasses import dataclass

from edge.contract.labels import NO_SPEECH, UNCERTAIN
from edge.contract.manifest import DecisionProposal
from edge.decide.outcomes import Event, Scores
from edge.decide.smoothing import ProbabilitySmoother


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """What the decider thinks after a window."""

    state: str
    probabilities: dict[str, float]
    """Smoothed; empty where the window held no speech."""

    @property
    def confidence(self) -> float:
        """Smoothed probability of the state, or of the likeliest emotion while uncertain."""
        if self.state == UNCERTAIN:
            return max(self.probabilities.values(), default=0.0)
        return self.probabilities.get(self.state, 0.0)


class StateDecider:
    """Smooth the probabilities, then decide with hysteresis and a minimum dwell.

    An emotion becomes the state when its smoothed probability reaches ``enter_confidence`` and
    has been the target for ``min_dwell_s``; it stays until it falls below ``leave_confidence`` or
    another one enters. In between the state is ``uncertain``. After ``quiet_after_s`` without
    speech it is ``no_speech``, and the past is forgotten.
    """

    def __init__(self, settings: DecisionProposal, *, sample_rate_hz: int, hop_s: float) -> None:
        self._settings = settings
        self._rate_hz = sample_rate_hz
        self._smoother = ProbabilitySmoother(time_constant_s=settings.smoothing_s, hop_s=hop_s)
        self.reset()

    def reset(self) -> None:
        """Return to ``no_speech`` without a past."""
        self._smoother.reset()
        self._state = NO_SPEECH
        self._pending: tuple[str, int] | None = None
        self._last_speech_sample: int | None = None
        self.decided = Decided(state=NO_SPEECH, probabilities={})

    def take_over(self, former: StateDecider) -> None:
        """Go on where another one stands, whose positions may count at another rate."""
        moved = self._rate_hz / former._rate_hz
        self._smoother.take_over(former._smoother)
        self._state = former._state
        self._pending = former._pending and (former._pending[0], round(former._pending[1] * moved))
        spoken = former._last_speech_sample
        self._last_speech_sample = None if spoken is None else round(spoken * moved)
        self.decided = former.decided

    def push(self, scores: Scores) -> Event | None:
        """Take the scores of the next window; return an event if the state changes."""
        before = self._state
        if scores.is_speech and scores.probabilities is not None:
            smoothed = self._smoother.push(scores.probabilities)
            self._last_speech_sample = scores.end_sample
            self._settle(self._target(smoothed), scores.end_sample)
        else:
            smoothed = {}
            self._fall_silent(scores.end_sample)
        self.decided = Decided(state=self._state, probabilities=smoothed)
        return self._event(scores) if self._state != before else None

    def _target(self, smoothed: dict[str, float]) -> str:
        best = max(smoothed, key=smoothed.__getitem__)
        if smoothed[best] >= self._settings.enter_confidence:
            return best
        if smoothed.get(self._state, 0.0) >= self._settings.leave_confidence:
            return self._state
        return UNCERTAIN

    def _settle(self, target: str, now_sample: int) -> None:
        if target == self._state:
            self._pending = None
            return
        if self._pending is None or self._pending[0] != target:
            self._pending = (target, now_sample)
        if now_sample - self._pending[1] >= self._settings.min_dwell_s * self._rate_hz:
            self._state = target
            self._pending = None

    def _fall_silent(self, now_sample: int) -> None:
        since = self._last_speech_sample
        if since is None or now_sample - since >= self._settings.quiet_after_s * self._rate_hz:
            self._state = NO_SPEECH
            self._pending = None
            self._smoother.reset()

    def _event(self, scores: Scores) -> Event:
        return Event(
            at_sample=scores.end_sample,
            state=self._state,
            confidence=self.decided.confidence,
            probabilities=self.decided.probabilities,
            level_dbfs=scores.level_dbfs,
            inference_ms=scores.inference_ms,
        )
