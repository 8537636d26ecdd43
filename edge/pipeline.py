"""The journey of a sound, in order, and nothing else: it returns outcomes and never acts.

Time is counted in samples at the model's rate: a recording replayed in blocks of any size, at any
speed, gives exactly the same outcomes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.contract.manifest import DecisionProposal
from edge.decide.alerts import AlertRule, RuleWatch
from edge.decide.baseline import OwnNormal
from edge.decide.decider import Decided, StateDecider
from edge.decide.outcomes import CauseNow, Outcome, Scores
from edge.dsp import framing
from edge.dsp.level import rms_dbfs
from edge.dsp.resample import resample
from edge.infer.classifier import EmotionClassifier, WindowProbabilities
from edge.stream.blocks import AudioBlock
from edge.stream.frontend import window_features
from edge.stream.inlet import Inlet
from edge.stream.memory import SoundMemory, moved
from edge.stream.vad import GateSettings
from edge.stream.windows import Window, WindowScheduler


class WindowScorer:
    """From blocks of sound to the scores of each window: resample, gate, features, classifier.

    Parameters
    ----------
    classifier : EmotionClassifier
    gate : GateSettings
    decision : DecisionProposal
        Of the model, or with the Pi's owner's thresholds in it.
    history_s : float
        Sound that is kept for a successor to hear again (see `take_over`), beside a window's.
    stopwatch_s : callable
        Seconds of any clock, to time the model with; this room has none. The default times nothing.
    """

    def __init__(
        self,
        classifier: EmotionClassifier,
        *,
        gate: GateSettings,
        decision: DecisionProposal,
        history_s: float = 0.0,
        stopwatch_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        spec = classifier.bundle.manifest.features
        self.sample_rate_hz = spec.sample_rate_hz
        self.window_length = spec.window_length
        self.decision = decision
        self.infers_always = False
        """Whether windows without speech are classified too, for the exercise; scores stay."""
        self._stopwatch_s = stopwatch_s
        self._classifier = classifier
        self._features = window_features(spec)
        self._scheduler = WindowScheduler(spec, hop_s=decision.hop_s)
        self.hop_length = self._scheduler.hop_length
        self._memory = SoundMemory(
            spec.sample_rate_hz,
            gate,
            capacity=max(
                spec.window_length + 2 * self.hop_length, round(history_s * spec.sample_rate_hz)
            ),
        )
        # Long enough for every window and the decided state to forget what was before the gap.
        self._inlet = Inlet(
            spec.sample_rate_hz,
            longest_gap_s=spec.window_length / spec.sample_rate_hz + decision.quiet_after_s,
        )
        # The gate costs a fixed sum each time: small blocks wait, but never past a window's end.
        self._least_step = spec.sample_rate_hz // 10
        self._waiting = np.zeros(0, np.float32)
        self._origin = self._heard_to = 0

    @property
    def n_seen(self) -> int:
        """Samples at the model's rate that have been taken in."""
        return self._memory.n_seen

    @property
    def speaking(self) -> bool:
        """Whether speech is heard right now."""
        return self._memory.speaking

    @property
    def speech_s(self) -> float:
        """Seconds of speech since the stream began."""
        return self._memory.total_speech_s

    def push(self, block: AudioBlock) -> list[Scores]:
        """Take a block from a source, return the scores of the windows that it completes."""
        self._waiting = np.concatenate([self._waiting, self._inlet.push(block)])
        return list(self._take_waiting()) if self._has_enough() else []

    def flush(self) -> list[Scores]:
        """Take the end of the stream: the rest of the resampler and the last window."""
        self._waiting = np.concatenate([self._waiting, self._inlet.flush()])
        scores = list(self._take_waiting())
        last = self._scheduler.last(self.n_seen - self._origin)
        return [*scores, self._score(last)] if last else scores

    def take_over(self, former: WindowScorer, *, told_to: int) -> list[Scores]:
        """Go on with the stream of another one, which is not to be used any more.

        Nothing of the stream is lost, and no window is told twice. With an equal model the scores
        are those that the former would have given (a running norm begins anew, though).

        Parameters
        ----------
        former : WindowScorer
            It may have failed on the way.
        told_to : int
            Its `n_seen` when it last returned: scores of windows that end later are still owed,
            and returned here.
        """
        memory, inlet = former._memory, former._inlet
        own = (self.sample_rate_hz, self._memory.gate)
        if not memory.serves(*own, capacity=self._memory.capacity):
            memory = memory.copy(*own, capacity=self._memory.capacity)
        if former.sample_rate_hz == self.sample_rate_hz:
            inlet.longest_gap_s = self._inlet.longest_gap_s
            self._waiting = former._waiting
        else:
            inlet = self._inlet
            inlet.n_lost = former._inlet.n_lost
            self._waiting = resample(
                np.concatenate([former._waiting, former._inlet.flush()]),
                rate_in_hz=former.sample_rate_hz,
                rate_out_hz=self.sample_rate_hz,
            )
            told_to = moved(
                told_to, rate_in_hz=former.sample_rate_hz, rate_out_hz=self.sample_rate_hz
            )
        self._memory, self._inlet = memory, inlet
        self._origin = self._heard_to = self._first_to_hear(told_to)
        scores = list(self._catch_up(told_to))
        return [*scores, *self._take_waiting()] if self._has_enough() else scores

    def _first_to_hear(self, told_to: int) -> int:
        """Return from where to hear the past again, so that the next window is whole.

        Windows come on the same grid as before, and so do blocks of frames, if the past reaches so
        far: then each frame comes out as before to the last bit.
        """
        spec = self._classifier.bundle.manifest.features
        block = framing.block_advance(spec.framing) if spec.streamable else 1
        wanted = max(0, told_to - self.window_length - self.hop_length)
        for step in (math.lcm(self.hop_length, block), self.hop_length):
            first = wanted // step * step
            if first >= self._memory.oldest:
                return first
        return -(-self._memory.oldest // self.hop_length) * self.hop_length

    def _catch_up(self, told_to: int) -> Iterator[Scores]:
        while self._heard_to < self.n_seen:
            stop = min(self._heard_to + self._most_at_once(), self.n_seen)
            window = self._hear(self._memory.read(start=self._heard_to, stop=stop))
            if window and self._origin + window.end_sample > told_to:
                yield self._score(window)

    def _has_enough(self) -> bool:
        n = len(self._waiting)
        return n >= self._least_step or self._heard_to + n >= self._next_end

    @property
    def _next_end(self) -> int:
        return self._origin + self._scheduler.next_end_sample

    def _most_at_once(self) -> int:
        """Never past the end of the next window, so that it sees nothing after its end."""
        return min(self.hop_length, self._next_end - self._heard_to)

    def _take_waiting(self) -> Iterator[Scores]:
        while len(self._waiting):
            n = self._most_at_once()
            piece, self._waiting = self._waiting[:n], self._waiting[n:]
            self._memory.push(piece)
            if window := self._hear(piece):
                yield self._score(window)

    def _hear(self, piece: NDArray[np.float32]) -> Window | None:
        self._features.push(piece)
        self._heard_to += len(piece)
        return self._scheduler.due(self._heard_to - self._origin)

    def _score(self, window: Window) -> Scores:
        place = Window(
            start_sample=self._origin + window.start_sample,
            end_sample=self._origin + window.end_sample,
        )
        speech_s = self._memory.speech_s(place)
        found, inference_ms = None, 0.0
        if speech_s >= self.decision.min_speech_s:
            found, inference_ms = self._classify(window)
        elif self.infers_always:
            self._classify(window)
        return Scores(
            start_sample=place.start_sample,
            end_sample=place.end_sample,
            speech_s=speech_s,
            level_dbfs=self._level_dbfs(),
            is_speech=found is not None and found.non_voice <= self.decision.non_voice_veto,
            probabilities=found.emotions if found else None,
            inference_ms=inference_ms,
            n_lost=self._inlet.take_loss(),
        )

    def _level_dbfs(self) -> float:
        start = max(self._memory.oldest, self._heard_to - self.hop_length)
        return rms_dbfs(self._memory.read(start=start, stop=self._heard_to))

    def _classify(self, window: Window) -> tuple[WindowProbabilities, float]:
        features = self._features.read(window.start_sample)
        started_s = self._stopwatch_s()
        found = self._classifier.probabilities(features)
        return found, 1e3 * (self._stopwatch_s() - started_s)


class EmotionPipeline:
    """The whole journey: scores, then the decided state, then the alert rules."""

    def __init__(self, scorer: WindowScorer, *, rules: Sequence[AlertRule]) -> None:
        hop_length, rate_hz = scorer.hop_length, scorer.sample_rate_hz
        self.scorer = scorer
        self.normal: OwnNormal | None = None
        """Set by whoever knows how a person usually sounds."""
        self._decider = StateDecider(
            scorer.decision, sample_rate_hz=rate_hz, hop_s=hop_length / rate_hz
        )
        self._watches = [RuleWatch(r, sample_rate_hz=rate_hz, hop_length=hop_length) for r in rules]

    @property
    def decided(self) -> Decided:
        """The state after the newest window."""
        return self._decider.decided

    @property
    def holding(self) -> dict[str, CauseNow]:
        """Every cause that holds after the newest window, by the name of its rule."""
        return {watch.rule.name: now for watch in self._watches if (now := watch.cause)}

    @property
    def held_s(self) -> dict[str, float]:
        """Seconds that each rule's emotions were there within the time it looks at."""
        return {watch.rule.name: watch.held_s for watch in self._watches}

    def push(self, block: AudioBlock) -> list[Outcome]:
        """Take a block from a source, return everything that follows from it, in order."""
        return [outcome for scores in self.scorer.push(block) for outcome in self._follow(scores)]

    def flush(self) -> list[Outcome]:
        """Take the end of the stream."""
        return [outcome for scores in self.scorer.flush() for outcome in self._follow(scores)]

    def forget(self, *, lost_s: float = math.inf) -> list[Outcome]:
        """Let rules that look no further back than `lost_s` begin anew; return what ends by it."""
        asked = [watch for watch in self._watches if watch.rule.within_s <= lost_s]
        ends = (watch.forget(at_sample=self.scorer.n_seen) for watch in asked)
        return [cause for cause in ends if cause]

    def take_over(self, former: EmotionPipeline, *, told_to: int | None = None) -> list[Outcome]:
        """Go on with another one's stream, state and causes; return what it still owes.

        A cause neither begins nor ends by this, but for one whose rule is no longer there.

        Parameters
        ----------
        former : EmotionPipeline
            Not to be used any more; it may have failed in `push`.
        told_to : int, optional
            Its scorer's `n_seen` before the `push` that failed. Default: nothing is owed.
        """
        told = former.scorer.n_seen if told_to is None else told_to
        before = {watch.rule.name: watch for watch in former._watches}
        for watch in self._watches:
            if known := before.pop(watch.rule.name, None):
                watch.take_over(known)
        self._decider.take_over(former._decider)
        ends = [end for watch in before.values() if (end := watch.abandon(at_sample=told))]
        owed = self.scorer.take_over(former.scorer, told_to=told)
        return [*ends, *(outcome for scores in owed for outcome in self._follow(scores))]

    def _follow(self, scores: Scores) -> Iterator[Outcome]:
        if self.normal:
            scores = self.normal.take(scores, hop_length=self.scorer.hop_length)
        yield scores
        if event := self._decider.push(scores):
            yield event
        for watch in self._watches:
            if cause := watch.push(self.decided.probabilities, at_sample=scores.end_sample):
                yield cause
