"""What the default alert rule does with streams of talk: false alarms, and missed distress."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.adaptation_material import USUAL, Clip, Studio
from benchmarks.adaptation_pools import Floats, Move, People, as_usual, mover, usual_of
from edge.config.settings import DEFAULT_ALERTS
from edge.contract.labels import GROUPS
from edge.decide.alerts import RuleWatch
from edge.decide.baseline import STRENGTH, Reference
from edge.decide.decider import StateDecider
from edge.decide.outcomes import Scores
from edge.pipeline import WindowScorer
from edge.stream.blocks import AudioBlock
from edge.stream.vad import GateSettings
from trainer.sound import audio

RATE_HZ = 16000
N_POOLS = 6
ORDINARY_S = 600.0
STRETCH_S = 30.0
BEFORE_S = 20.0
"""Ordinary talk before a stretch of distress."""
SELF_NOISE = 10 ** (-75 / 20)
RULE = DEFAULT_ALERTS[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """Talk, scored window by window; where distress begins, if it does."""

    scores: Sequence[Scores]
    length_s: float
    emotion: str = ""
    begins_s: float = 0.0


def alarm_lines(
    studio: Studio, people: People, references: Mapping[str, Reference]
) -> Iterator[str]:
    """Yield a table: alarms per hour of ordinary talk, stretches of distress without an alarm."""
    yield "| person | false alarms an hour, plain | adapted | missed, plain | adapted | stretches |"
    yield "|---|---:|---:|---:|---:|---:|"
    rows = []
    for speaker, clips in people.items():
        found = np.sum([_pool(studio, clips, references[speaker], s) for s in range(N_POOLS)], 0)
        hours = N_POOLS * ORDINARY_S / 3600
        rows.append([found[0] / hours, found[1] / hours, *(100 * found[2:4] / found[4])])
        yield f"| {speaker} | {_cells(rows[-1])} | {found[4]:.0f} |"
    yield f"| mean | {_cells(np.mean(rows, axis=0).tolist())} | |"


def _cells(row: Sequence[float]) -> str:
    return f"{row[0]:.1f} | {row[1]:.1f} | {row[2]:.0f} % | {row[3]:.0f} %"


def _pool(studio: Studio, clips: Sequence[Clip], reference: Reference, seed: int) -> Floats:
    """Return false alarms plain and adapted, misses plain and adapted, and stretches."""
    rng = np.random.default_rng(seed)
    pool, judged = as_usual(clips, rng)
    move = mover(usual_of(pool, studio.labels), reference, strength=STRENGTH)
    streams = list(_streams(studio, judged, rng))
    counts = np.zeros(5)
    for column, how in enumerate((dict, move)):
        for stream in streams:
            calls = _calls(studio, stream, how)
            if stream.emotion:
                counts[2 + column] += not any(at_s > stream.begins_s for at_s in calls)
            else:
                counts[column] += len(calls)
    counts[4] = sum(bool(stream.emotion) for stream in streams)
    return counts


def _streams(studio: Studio, judged: Sequence[Clip], rng: np.random.Generator) -> Iterator[Stream]:
    usual = [clip for clip in judged if clip.truth in USUAL]
    other = [clip for clip in judged if clip.truth not in (*USUAL, *GROUPS["distress"])]
    yield _scored(studio, _talk([usual] * 3 + [other], ORDINARY_S, rng))
    for emotion in GROUPS["distress"]:
        own = [clip for clip in judged if clip.truth == emotion]
        before = _talk([usual], BEFORE_S, rng)
        whole = np.concatenate([before, _talk([own], STRETCH_S, rng)])
        begins_s = len(before) / RATE_HZ
        yield replace(_scored(studio, whole), emotion=emotion, begins_s=begins_s)


def _talk(turns: Sequence[Sequence[Clip]], length_s: float, rng: np.random.Generator) -> Floats:
    """Return clips with short pauses, over a microphone's own noise."""
    pieces: list[Floats] = []
    while sum(map(len, pieces)) < length_s * RATE_HZ:
        clips = turns[rng.integers(len(turns))]
        samples, _ = audio.read(clips[rng.integers(len(clips))].path)
        pieces += [samples.astype(np.float64), np.zeros(int(rng.uniform(0.3, 1.0) * RATE_HZ))]
    whole = np.concatenate(pieces)
    return whole + SELF_NOISE * rng.standard_normal(len(whole))


def _scored(studio: Studio, samples: Floats) -> Stream:
    decision = studio.bundle.manifest.decision
    scorer = WindowScorer(studio.witness, gate=GateSettings(), decision=decision)
    scores: list[Scores] = []
    for piece in np.array_split(samples.astype(np.float32), max(1, len(samples) // RATE_HZ)):
        scores += scorer.push(AudioBlock(samples=piece, sample_rate_hz=RATE_HZ, n_lost=0))
        studio.forget()
    return Stream(scores=scores, length_s=len(samples) / RATE_HZ)


def _calls(studio: Studio, stream: Stream, move: Move) -> list[float]:
    """Return the seconds at which the default rule calls, its cooldown kept."""
    hop_s = studio.bundle.manifest.decision.hop_s
    decider = StateDecider(studio.bundle.manifest.decision, sample_rate_hz=RATE_HZ, hop_s=hop_s)
    watch = RuleWatch(RULE, sample_rate_hz=RATE_HZ, hop_length=round(hop_s * RATE_HZ))
    calls: list[float] = []
    for scores in stream.scores:
        found = scores.probabilities
        decider.push(replace(scores, probabilities=move(found) if found else None))
        began = watch.push(decider.decided.probabilities, at_sample=scores.end_sample)
        at_s = scores.end_sample / RATE_HZ
        cooled = not calls or at_s - calls[-1] >= RULE.cooldown_s
        if (watch.cause and cooled) or (began and began.phase == "began" and stream.emotion):
            calls.append(at_s)
    return calls
