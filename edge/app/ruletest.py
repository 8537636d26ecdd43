"""What the configured rules would have done with a recording, or with what a log holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from edge.app import models
from edge.app.logreplay import LogReplay
from edge.config.settings import Config
from edge.contract.manifest import refuse_without_emotions
from edge.decide.alarms import Instant
from edge.decide.outcomes import Scores
from edge.decide.rehearsal import Look, Rehearsal
from edge.errors import NoInputError, RecordError
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.record.query import LogReader
from edge.stream.blocks import AudioBlock

_SQLITE: Final = b"SQLite format 3\0"
_BLOCKS_PER_S: Final = 50
"""As a microphone's: never two windows within one block."""

_LOG_REMARK: Final = (
    "a log holds the changes of the state; each window in between is taken as the change before it"
)

USUAL_SPAN: Final = timedelta(days=7)
"""How much of a log is gone through where nothing says how much."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsed:
    """What was played, and what became of it."""

    kind: Literal["recording", "log"]
    model: str
    began: datetime
    """In local time."""
    duration_s: float
    play: Rehearsal
    remarks: tuple[str, ...] = ()
    """What it cannot tell, in sentences."""


def is_log(path: Path) -> bool:
    """Return whether a file is a database.

    Raises
    ------
    NoInputError
        If there is no such file.
    """
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise NoInputError(
            f"{path}: cannot be read: {error.strerror}; name a recording, or a log of ser-edge"
        ) from error


def rehearse_recording(path: Path, config: Config, *, began: datetime) -> Rehearsed:
    """Hear a recording with the configured model, as if it had begun at a time.

    Raises
    ------
    SerError
        If the recording or the model cannot be used.
    """
    classifier = models.open_classifier(config)
    manifest = classifier.bundle.manifest
    refuse_without_emotions(manifest)
    scorer = WindowScorer(
        classifier,
        gate=config.speech,
        decision=models.decision(config, manifest.decision),
    )
    pipeline = EmotionPipeline(scorer, rules=config.alert)
    play = Rehearsal(config.alert, instant=_from(began))
    for look in _looks(pipeline, _small(models.recording_blocks(path))):
        play.look(look)
    play.finish()
    idle = [rule for rule in config.alert if rule.emotions.isdisjoint(manifest.labels)]
    return Rehearsed(
        kind="recording",
        model=f"{manifest.name} {manifest.version}",
        began=began,
        duration_s=scorer.n_seen / scorer.sample_rate_hz,
        play=play,
        remarks=(
            *(f"rule {rule.name!r} never calls: the model tells none of it" for rule in idle),
            *(("the person's usual voice is left out of account",) * config.adaptation.enabled),
        ),
    )


def rehearse_log(
    path: Path, config: Config, *, since: datetime | None, until: datetime | None
) -> Rehearsed:
    """Go through the states in a log, the newest `USUAL_SPAN` where nothing says how much.

    Raises
    ------
    SerError
        If the log cannot be read, or has nothing of that time.
    """
    with LogReader(path) as reader:
        replay = LogReplay(reader, since=since, until=until, usual=USUAL_SPAN)
        if replay.began is None:
            raise RecordError(
                f"the log {path} has no states of that time; `ser-edge log --db {path}` shows it"
            )
        play = Rehearsal(config.alert, instant=replay.instant)
        replay.play_to(play)
    play.finish()
    return Rehearsed(
        kind="log",
        model=", ".join(replay.models),
        began=replay.began,
        duration_s=replay.duration_s,
        play=play,
        remarks=(_LOG_REMARK,),
    )


def _from(began: datetime) -> Callable[[float], Instant]:
    def instant(at_s: float) -> Instant:
        wall = (began.astimezone(UTC) + timedelta(seconds=at_s)).astimezone()
        return Instant(monotonic_s=at_s, wall=wall)

    return instant


def _small(blocks: Iterable[AudioBlock]) -> Iterator[AudioBlock]:
    for block in blocks:
        size = max(1, block.sample_rate_hz // _BLOCKS_PER_S)
        for start in range(0, len(block.samples), size):
            piece = block.samples[start : start + size]
            yield AudioBlock(samples=piece, sample_rate_hz=block.sample_rate_hz, n_lost=0)


def _looks(pipeline: EmotionPipeline, blocks: Iterable[AudioBlock]) -> Iterator[Look]:
    for block in blocks:
        yield from _look(pipeline, [o for o in pipeline.push(block) if isinstance(o, Scores)])
    yield from _look(pipeline, [o for o in pipeline.flush() if isinstance(o, Scores)])


def _look(pipeline: EmotionPipeline, windows: list[Scores]) -> Iterator[Look]:
    if windows:
        decided = pipeline.decided
        yield Look(
            at_s=windows[-1].end_sample / pipeline.scorer.sample_rate_hz,
            state=decided.state,
            confidence=decided.confidence,
            probabilities=decided.probabilities,
            held_s=pipeline.held_s,
            holding=pipeline.holding,
        )
