"""How fast this machine is: the pipeline and each of its stages timed on speech, and a verdict."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.contract.manifest import DecisionProposal
from edge.decide.alerts import AlertRule, RuleWatch
from edge.decide.decider import StateDecider
from edge.decide.outcomes import Scores
from edge.dsp.level import rms_dbfs
from edge.dsp.resample import resample
from edge.infer.classifier import EmotionClassifier
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.stream.blocks import AudioBlock
from edge.stream.frontend import window_features
from edge.stream.resample import StreamResampler
from edge.stream.vad import GateSettings, SpeechGate
from edge.stream.windows import WindowScheduler

STAGES: Final = ("resample", "gate", "features", "inference", "decision")

_RULE: Final = AlertRule(name="benchmark")

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Duration:
    """Milliseconds of wall clock that something took for one hop, over many hops."""

    median_ms: float
    worst_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """How fast one model's pipeline is on this machine, with every window classified."""

    hop_ms: float
    """Sound from one decision to the next, in milliseconds."""
    n_hops: int
    microphone_rate_hz: int
    pipeline: Duration
    """The whole of it, as `ser-edge run` has it."""
    stages: dict[str, Duration]
    """Each of `STAGES` alone."""
    cpu_ms: float
    """Mean processor time of the pipeline for a hop."""

    @property
    def share_of_core(self) -> float:
        """Fraction of one core that listening takes."""
        return self.cpu_ms / self.hop_ms

    @property
    def times_over(self) -> float:
        """How many such microphones this machine could listen to, one thread, wall clock."""
        return self.hop_ms / self.pipeline.median_ms


def measure(
    classifier: EmotionClassifier,
    speech: NDArray[np.float32],
    *,
    microphone_rate_hz: int,
    block_ms: int,
    duration_s: float,
) -> Speed:
    """Play speech through the pipeline, and through its stages one by one, as fast as it goes.

    Parameters
    ----------
    classifier : EmotionClassifier
    speech : ndarray, shape (n,), float32
        At the model's rate; repeated as often as needed.
    microphone_rate_hz : int
        Rate from which the pipeline resamples.
    block_ms : int
        Length of the blocks that the microphone hands over.
    duration_s : float
        Seconds of sound to time; the first window comes on top, to warm up.
    """
    manifest = classifier.bundle.manifest
    # Worst case: nobody pauses, so every window is classified.
    decision = replace(manifest.decision, min_speech_s=0.0)
    staged = StagedPipeline(classifier, decision)
    pipeline = EmotionPipeline(
        WindowScorer(classifier, gate=GateSettings(), decision=decision), rules=[_RULE]
    )
    rate_hz = manifest.features.sample_rate_hz
    hop_s = staged.hop_length / rate_hz
    n_warm_up = -(-manifest.features.window_length // staged.hop_length) + 1
    sound = resample(speech, rate_in_hz=rate_hz, rate_out_hz=microphone_rate_hz)
    hops = _hops(sound, rate_hz=microphone_rate_hz, hop_s=hop_s, block_ms=block_ms)
    n_hops = max(1, round(duration_s / hop_s))
    return _timed(pipeline, staged, hops, n_warm_up=n_warm_up, n_hops=n_hops)


class StagedPipeline:
    """The stages of `edge.pipeline`, each called on its own, under its own stopwatch."""

    def __init__(self, classifier: EmotionClassifier, decision: DecisionProposal) -> None:
        spec = classifier.bundle.manifest.features
        self._classifier = classifier
        self._features = window_features(spec)
        self._gate = SpeechGate(spec.sample_rate_hz)
        self._windows = WindowScheduler(spec, hop_s=decision.hop_s)
        self.hop_length = self._windows.hop_length
        self._rate_hz = spec.sample_rate_hz
        self._decider = StateDecider(
            decision, sample_rate_hz=self._rate_hz, hop_s=self.hop_length / self._rate_hz
        )
        self._watch = RuleWatch(_RULE, sample_rate_hz=self._rate_hz, hop_length=self.hop_length)
        self._resampler: StreamResampler | None = None
        self._n_seen = 0
        self._waiting = np.zeros(0, np.float32)
        self._spent_ms: dict[str, float] = defaultdict(float)

    def push(self, hop: list[AudioBlock]) -> dict[str, float]:
        """Take the blocks of one hop; return the milliseconds that each stage took."""
        self._spent_ms = defaultdict(float)
        for block in hop:
            self._take(self._resampled(block))
        self._take_waiting()
        if window := self._windows.due(self._n_seen):
            matrix = self._time("features", self._features.read, window.start_sample)
            found = self._time("inference", self._classifier.probabilities, matrix)
            self._time("decision", self._decide, found.emotions, window.end_sample)
        return dict(self._spent_ms)

    def _resampled(self, block: AudioBlock) -> NDArray[np.float32]:
        if self._resampler is None:
            self._resampler = StreamResampler(
                rate_in_hz=block.sample_rate_hz, rate_out_hz=self._rate_hz
            )
        return self._time("resample", self._resampler.push, block.samples)

    def _take(self, samples: NDArray[np.float32]) -> None:
        self._waiting = np.concatenate([self._waiting, samples])
        # As in the pipeline: the gate costs a fixed sum each time.
        if len(self._waiting) >= self._rate_hz // 10:
            self._take_waiting()

    def _take_waiting(self) -> None:
        samples, self._waiting = self._waiting, np.zeros(0, np.float32)
        self._time("gate", self._gate.push, samples)
        self._time("features", self._features.push, samples)
        self._n_seen += len(samples)

    def _decide(self, emotions: dict[str, float], end_sample: int) -> None:
        self._decider.push(
            Scores(
                start_sample=0,
                end_sample=end_sample,
                speech_s=0.0,
                level_dbfs=rms_dbfs(np.zeros(self.hop_length, np.float32)),
                is_speech=True,
                probabilities=emotions,
                inference_ms=0.0,
            )
        )
        self._watch.push(self._decider.decided.probabilities, at_sample=end_sample)

    def _time(self, stage: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        started_s = time.perf_counter()
        result = call(*args, **kwargs)
        self._spent_ms[stage] += 1e3 * (time.perf_counter() - started_s)
        return result


def _timed(
    pipeline: EmotionPipeline,
    staged: StagedPipeline,
    hops: Iterator[list[AudioBlock]],
    *,
    n_warm_up: int,
    n_hops: int,
) -> Speed:
    whole_ms, by_stage = [], []
    cpu_s = 0.0
    for i in range(n_warm_up + n_hops):
        hop = next(hops)
        wall_s, spent_cpu_s = _seconds(pipeline, hop)
        stages_ms = staged.push(hop)
        if i >= n_warm_up:
            whole_ms.append(1e3 * wall_s)
            by_stage.append(stages_ms)
            cpu_s += spent_cpu_s
    return Speed(
        hop_ms=1e3 * staged.hop_length / pipeline.scorer.sample_rate_hz,
        n_hops=n_hops,
        microphone_rate_hz=hop[0].sample_rate_hz,
        pipeline=_duration(whole_ms),
        stages={name: _duration([spent.get(name, 0.0) for spent in by_stage]) for name in STAGES},
        cpu_ms=1e3 * cpu_s / n_hops,
    )


def _seconds(pipeline: EmotionPipeline, hop: list[AudioBlock]) -> tuple[float, float]:
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    for block in hop:
        pipeline.push(block)
    return time.perf_counter() - wall_s, time.process_time() - cpu_s


def _duration(values_ms: list[float]) -> Duration:
    return Duration(median_ms=float(np.median(values_ms)), worst_ms=max(values_ms))


def _hops(
    sound: NDArray[np.float32], *, rate_hz: int, hop_s: float, block_ms: int
) -> Iterator[list[AudioBlock]]:
    """Cut endlessly repeated sound into blocks, and give those that make up a hop together."""
    size = max(1, rate_hz * block_ms // 1000)
    n_given, n_hops = 0, 0
    while True:
        n_hops += 1
        n_blocks = max(0, -(-(round(n_hops * hop_s * rate_hz) - n_given) // size))
        starts = [n_given + i * size for i in range(n_blocks)]
        n_given += n_blocks * size
        yield [
            AudioBlock(
                samples=sound.take(range(start, start + size), mode="wrap"),
                sample_rate_hz=rate_hz,
                n_lost=0,
            )
            for start in starts
        ]
