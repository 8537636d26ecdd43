"""The journey of a sound, in order, and nothing else: it returns outcomes and never acts.

Time is counted in samples at the model's rate: a recording replayed in blocks of any size, at any
speed, gives exactly the same outcomes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.contract.manifest import DecisionProposal
from edge.decide.alerts import AlertMonitor, AlertRule
from edge.decide.decider import Decided, StateDecider
from edge.decide.outcomes import Alert, Outcome, Scores
from edge.dsp.level import rms_dbfs
from edge.infer.classifier import EmotionClassifier, WindowProbabilities
from edge.stream.blocks import AudioBlock
from edge.stream.frontend import window_features
from edge.stream.resample import StreamResampler
from edge.stream.ring import SampleRing
from edge.stream.vad import GateSettings, SpeechGate
from edge.stream.windows import FlagHistory, Window, WindowScheduler


class WindowScorer:
    """From blocks of sound to the scores of each window: resample, gate, features, classifier.

    Parameters
    ----------
    classifier : EmotionClassifier
    gate : GateSettings
    decision : DecisionProposal
        Of the model, or with the Pi's owner's thresholds in it.
    stopwatch_s : callable
        Seconds of any clock, to time the model with; this room has none. The default times nothing.
    """

    def __init__(
        self,
        classifier: EmotionClassifier,
        *,
        gate: GateSettings,
        decision: DecisionProposal,
        stopwatch_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        spec = classifier.bundle.manifest.features
        self.sample_rate_hz = spec.sample_rate_hz
        self.decision = decision
        self._stopwatch_s = stopwatch_s
        self._classifier = classifier
        self._features = window_features(spec)
        self._detector = SpeechGate(spec.sample_rate_hz, gate)
        self._scheduler = WindowScheduler(spec, hop_s=decision.hop_s)
        self.hop_length = self._scheduler.hop_length
        self._ring = SampleRing(self.hop_length)
        self._flags = FlagHistory(
            frame_length=self._detector.frame_length,
            capacity_samples=spec.window_length + 2 * self.hop_length,
            sample_rate_hz=spec.sample_rate_hz,
        )
        # Long enough for every window and the decided state to forget what was before the gap.
        self._longest_gap_s = spec.window_length / spec.sample_rate_hz + decision.quiet_after_s
        # The gate costs a fixed sum each time: small blocks wait, but never past a window's end.
        self._least_step = spec.sample_rate_hz // 10
        self._waiting = np.zeros(0, np.float32)
        self._n_lost = 0
        self._resampler: StreamResampler | None = None
        self._source_rate_hz = spec.sample_rate_hz

    @property
    def n_seen(self) -> int:
        """Samples at the model's rate that have been taken in."""
        return self._ring.n_seen

    @property
    def speaking(self) -> bool:
        """Whether speech is heard right now."""
        return self._flags.newest

    @property
    def speech_s(self) -> float:
        """Seconds of speech since the stream began."""
        return self._flags.total_speech_s

    def push(self, block: AudioBlock) -> list[Scores]:
        """Take a block from a source, return the scores of the windows that it completes."""
        self._n_lost += block.n_lost
        self._waiting = np.concatenate([self._waiting, self._resampled(block)])
        if len(self._waiting) < self._least_step and not self._completes_window():
            return []
        return list(self._take_waiting())

    def flush(self) -> list[Scores]:
        """Take the end of the stream: the rest of the resampler and the last window."""
        rest = self._resampler.flush() if self._resampler else np.zeros(0, np.float32)
        self._waiting = np.concatenate([self._waiting, rest])
        scores = list(self._take_waiting())
        last = self._scheduler.last(self.n_seen)
        return [*scores, self._score(last)] if last else scores

    def _resampled(self, block: AudioBlock) -> NDArray[np.float32]:
        if self._resampler is None or block.sample_rate_hz != self._source_rate_hz:
            # A microphone that was plugged in again may come back with another rate.
            self._source_rate_hz = block.sample_rate_hz
            self._resampler = StreamResampler(
                rate_in_hz=block.sample_rate_hz, rate_out_hz=self.sample_rate_hz
            )
        return self._resampler.push(_with_gap(block, self._longest_gap_s))

    def _completes_window(self) -> bool:
        return self.n_seen + len(self._waiting) >= self._scheduler.next_end_sample

    def _take_waiting(self) -> Iterator[Scores]:
        samples, self._waiting = self._waiting, np.zeros(0, np.float32)
        # Never past the end of the next window, so that it sees nothing after its end.
        while len(samples):
            n = min(self.hop_length, self._scheduler.next_end_sample - self.n_seen)
            piece, samples = samples[:n], samples[n:]
            self._ring.push(piece)
            self._flags.push(self._detector.push(piece))
            self._features.push(piece)
            if window := self._scheduler.due(self.n_seen):
                yield self._score(window)

    def _score(self, window: Window) -> Scores:
        speech_s = self._flags.speech_s(window)
        found, inference_ms = None, 0.0
        if speech_s >= self.decision.min_speech_s:
            found, inference_ms = self._classify(window)
        return Scores(
            start_sample=window.start_sample,
            end_sample=window.end_sample,
            speech_s=speech_s,
            level_dbfs=rms_dbfs(self._ring.newest()),
            is_speech=found is not None and found.non_voice <= self.decision.non_voice_veto,
            probabilities=found.emotions if found else None,
            inference_ms=inference_ms,
            n_lost=self._take_loss(),
        )

    def _take_loss(self) -> int:
        n_lost, self._n_lost = self._n_lost, 0
        return n_lost

    def _classify(self, window: Window) -> tuple[WindowProbabilities, float]:
        features = self._features.read(window.start_sample)
        started_s = self._stopwatch_s()
        found = self._classifier.probabilities(features)
        return found, 1e3 * (self._stopwatch_s() - started_s)


def _with_gap(block: AudioBlock, longest_gap_s: float) -> NDArray[np.float32]:
    """Return the block's samples with silence in the place of what was lost before them."""
    if not block.n_lost:
        return block.samples
    n_silent = min(block.n_lost, round(longest_gap_s * block.sample_rate_hz))
    return np.pad(block.samples, (n_silent, 0))


class EmotionPipeline:
    """The whole journey: scores, then the decided state, then the alert rules."""

    def __init__(self, scorer: WindowScorer, *, rules: Sequence[AlertRule]) -> None:
        hop_length, rate_hz = scorer.hop_length, scorer.sample_rate_hz
        self.scorer = scorer
        self._decider = StateDecider(
            scorer.decision, sample_rate_hz=rate_hz, hop_s=hop_length / rate_hz
        )
        self._monitors = [
            AlertMonitor(rule, sample_rate_hz=rate_hz, hop_length=hop_length) for rule in rules
        ]

    @property
    def decided(self) -> Decided:
        """The state after the newest window."""
        return self._decider.decided

    @property
    def sounding(self) -> AlertRule | None:
        """The first rule whose alarm sounds now, or None."""
        return next((m.rule for m in self._monitors if m.sounding), None)

    def push(self, block: AudioBlock) -> list[Outcome]:
        """Take a block from a source, return everything that follows from it, in order."""
        return [outcome for scores in self.scorer.push(block) for outcome in self._follow(scores)]

    def flush(self) -> list[Outcome]:
        """Take the end of the stream."""
        return [outcome for scores in self.scorer.flush() for outcome in self._follow(scores)]

    def acknowledge(self) -> list[Alert]:
        """End all alarms because somebody has come."""
        at_sample = self.scorer.n_seen
        ended = [monitor.acknowledge(at_sample=at_sample) for monitor in self._monitors]
        return [alert for alert in ended if alert]

    def _follow(self, scores: Scores) -> Iterator[Outcome]:
        yield scores
        event = self._decider.push(scores)
        if event:
            yield event
        for monitor in self._monitors:
            alert = monitor.push(self.decided.probabilities, at_sample=scores.end_sample)
            if alert:
                yield alert
