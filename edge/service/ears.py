"""The pipeline that listens now, how it fares, and how another takes its place."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from edge.decide.outcomes import Outcome, Scores
from edge.pipeline import EmotionPipeline
from edge.service.feeding import Pulse
from edge.service.trial import TrialWatch
from edge.stream.blocks import AudioBlock

PAUSE_S: Final = 5.0
"""Time without a block after which the microphone counts as having been away."""

_N_LATENCIES: Final = 120


@dataclass(slots=True)
class Vitals:
    """What is counted while it listens; times are of a monotonic clock."""

    began_s: float
    sound_at_s: float | None = None
    sound_since_s: float | None = None
    window_at_s: float | None = None
    n_windows: int = 0
    n_lost: int = 0
    """Samples, at the source's rate, outages included."""
    sound_s: float = 0.0
    lost_s: float = 0.0
    """Sound that was lost while the microphone was there."""
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=_N_LATENCIES))

    @property
    def pulse(self) -> Pulse:
        """The signs of life."""
        return Pulse(
            began_s=self.began_s,
            sound_at_s=self.sound_at_s,
            sound_since_s=self.sound_since_s,
            window_at_s=self.window_at_s,
        )

    def begin_anew(self, now_s: float) -> None:
        """Forget the signs of life, but not what was counted."""
        self.began_s = now_s
        self.sound_at_s = self.sound_since_s = self.window_at_s = None

    def hear(self, block: AudioBlock, *, lost_s: float, now_s: float) -> None:
        """Count a block."""
        if self.sound_at_s is None or now_s - self.sound_at_s > PAUSE_S:
            self.sound_since_s = now_s
        self.sound_at_s = now_s
        self.sound_s += len(block.samples) / block.sample_rate_hz
        self.lost_s += lost_s
        self.n_lost += block.n_lost


class Ears:
    """One pipeline at a time; between two of them no sample is lost and no alarm ends.

    Parameters
    ----------
    pipeline : EmotionPipeline
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self, pipeline: EmotionPipeline, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.pipeline = pipeline
        self.vitals = Vitals(began_s=clock())
        self.trial: TrialWatch | None = None
        """Watches the pipeline while its model is on trial."""
        self.fallback: Callable[[], EmotionPipeline] | None = None
        """Makes the pipeline that goes on if this one fails."""
        self.failure: str | None = None
        """Why the fallback had to go on; whoever has dealt with it sets None."""
        self.is_paused = False
        """Whether nothing is heard because somebody wants it so."""
        self._clock = clock
        self._busy_s = 0.0

    def push(
        self, block: AudioBlock, *, is_live: bool = True, after_outage: bool = False
    ) -> Sequence[Outcome]:
        """Take a block, return what follows from it.

        Parameters
        ----------
        block : AudioBlock
        is_live : bool
            Whether the sound is that of a room, and not of a broken wire.
        after_outage : bool
            Whether what was lost before it was lost to the microphone, not to this program.
        """
        began_s = self._clock()
        gap_s = block.n_lost / block.sample_rate_hz
        outcomes = self._outcomes(block)
        if block.n_lost:
            # The stream has a few seconds of silence for any gap; rules must know how long it was.
            outcomes = [*outcomes, *self.pipeline.forget(lost_s=gap_s)]
        now_s = self._clock()
        self._busy_s += now_s - began_s
        lost_s = 0.0 if after_outage else gap_s
        self.vitals.hear(block, lost_s=lost_s, now_s=now_s)
        if self.trial and is_live:
            self.trial.hear(len(block.samples) / block.sample_rate_hz, lost_s=lost_s)
        if outcomes:
            self._count(outcomes, now_s)
        return outcomes

    def flush(self) -> Sequence[Outcome]:
        """Take the end of the stream."""
        outcomes = self.pipeline.flush()
        self._count(outcomes, self._clock())
        return outcomes

    def pause(self) -> Sequence[Outcome]:
        """Hear nothing for a while, as somebody wants it: return how what was heard ends.

        The windows, the decided state and the rules forget what they know, so that it is neither
        shown nor held against anybody later.
        """
        self.is_paused = True
        scorer = self.pipeline.scorer
        n_samples = scorer.window_length + round(
            (scorer.decision.quiet_after_s + 1.0) * scorer.sample_rate_hz
        )
        silence = AudioBlock(
            samples=np.zeros(n_samples, np.float32),
            sample_rate_hz=scorer.sample_rate_hz,
            n_lost=0,
        )
        return [*self._outcomes(silence), *self.pipeline.forget()]

    def resume(self) -> None:
        """Listen again: nothing that happened before is held against the microphone."""
        self.is_paused = False
        now_s = self._clock()
        self.vitals.begin_anew(now_s)
        if self.trial:
            self.trial.began_s = now_s

    def take_over(self, successor: EmotionPipeline) -> Sequence[Outcome]:
        """Let another pipeline go on; return what its coming ends.

        If that fails, the former goes on as if nothing had been.
        """
        outcomes = successor.take_over(self.pipeline)
        self.pipeline = successor
        return outcomes

    def _outcomes(self, block: AudioBlock) -> Sequence[Outcome]:
        told_to = self.pipeline.scorer.n_seen
        try:
            return self.pipeline.push(block)
        except Exception as error:
            if self.fallback is None:
                raise
            failed, fallback = self.pipeline, self.fallback
            self.trial = self.fallback = None
            self.failure = f"it failed on live sound: {type(error).__name__}: {error}"
            self.pipeline = fallback()
            return self.pipeline.take_over(failed, told_to=told_to)

    def _count(self, outcomes: Sequence[Outcome], now_s: float) -> None:
        n_windows = sum(isinstance(outcome, Scores) for outcome in outcomes)
        if not n_windows:
            return
        latency_s, self._busy_s = self._busy_s / n_windows, 0.0
        self.vitals.n_windows += n_windows
        self.vitals.window_at_s = now_s
        self.vitals.latencies_s.append(latency_s)
        if self.trial:
            self.trial.score(n_windows, latency_s=latency_s)
