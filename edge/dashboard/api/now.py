"""What is now, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from flask import Response

from edge.contract import tables
from edge.contract.tables import Range
from edge.dashboard.api import asked
from edge.dashboard.api.blueprint import blueprint
from edge.dashboard.gate import somebody
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.dashboard.stream import event_stream
from edge.service.protocol import Answer

_LONGEST_NOTE: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    """Somebody has come."""

    note: str = ""

    def __post_init__(self) -> None:
        asked.refuse_unwritable(self.note)
        _refuse_long(self.note)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snooze:
    """No alarm of a rule for a while."""

    for_s: Annotated[float, Range(1, 86_400)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """Somebody who was there says whether the program was right."""

    heard_at: str
    verdict: Literal["right", "wrong"]
    truth: str | None = None
    alarm: str | None = None
    note: str = ""

    def __post_init__(self) -> None:
        _refuse_long(self.note)
        asked.refuse_unwritable(self.note)
        if self.alarm is not None and not asked.may_be_alarm(self.alarm):
            raise ValueError(f"alarm {self.alarm!r} is no id of an alarm")
        asked.a_time(self.heard_at)
        if self.truth is not None:
            asked.a_state(self.truth)


@blueprint.get("/status")
@needs("look")
def status() -> dict[str, Any]:
    """Tell what the ears say."""
    asked.nothing()
    now = pieces().status()
    return {"listening": now is not None, "status": tables.to_table(now)}


@blueprint.get("/live")
@needs("look")
def live() -> Response:
    """Stream what the ears say."""
    asked.nothing()
    return event_stream()


@blueprint.post("/acknowledge")
@needs("acknowledge")
def acknowledge_all() -> dict[str, Any]:
    """Say that somebody has come, to every open alarm."""
    return _acknowledged(None)


@blueprint.post("/alarms/<alarm>/acknowledge")
@needs("acknowledge")
def acknowledge(alarm: str) -> dict[str, Any]:
    """Say that somebody has come, to one alarm."""
    return _acknowledged(asked.an_alarm(alarm))


@blueprint.post("/snooze")
@needs("acknowledge")
def snooze() -> dict[str, Any]:
    """Let no rule raise an alarm for a while."""
    asked.nothing()
    wanted = asked.body_of(Snooze)
    answer = pieces().ears.snooze(for_s=wanted.for_s, who=somebody().who)
    return {"until": answer.until, "warning": answer.warning}


@blueprint.delete("/snooze")
@needs("acknowledge")
def end_snooze() -> dict[str, Any]:
    """Let alarms be raised again."""
    asked.nothing()
    return _done(pieces().ears.end_snooze(who=somebody().who))


@blueprint.post("/mute")
@needs("acknowledge")
def mute() -> dict[str, Any]:
    """Close the microphone."""
    asked.nothing()
    return _done(pieces().ears.mute(who=somebody().who))


@blueprint.post("/unmute")
@needs("acknowledge")
def unmute() -> dict[str, Any]:
    """Open the microphone."""
    asked.nothing()
    return _done(pieces().ears.unmute(who=somebody().who))


@blueprint.post("/feedback")
@needs("acknowledge")
def feedback() -> dict[str, Any]:
    """Take somebody's word on whether the program was right."""
    asked.nothing()
    judged = asked.body_of(Judgement)
    answer = pieces().ears.feedback(
        who=somebody().who,
        heard_at=asked.a_time(judged.heard_at).astimezone(pieces().zone).isoformat(),
        verdict=judged.verdict,
        truth=judged.truth,
        alarm=judged.alarm,
        note=judged.note,
    )
    return _done(answer)


def _acknowledged(alarm: str | None) -> dict[str, Any]:
    asked.nothing()
    note = asked.body_of(Acknowledgement).note
    answer = pieces().ears.acknowledge(who=somebody().who, note=note, alarm=alarm)
    return {"alarms": list(answer.alarms), "warning": answer.warning}


def _done(answer: Answer) -> dict[str, Any]:
    return {"warning": answer.warning}


def _refuse_long(note: str) -> None:
    if len(note) > _LONGEST_NOTE:
        raise ValueError(f"note has {len(note)} characters, at most {_LONGEST_NOTE} fit")
