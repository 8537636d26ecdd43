"""What a caregiver answers: acknowledge, snooze, mute; each is a form that leads back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, request

from edge.dashboard.gate import somebody
from edge.dashboard.pages import said
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.errors import NotListeningError, RefusedError
from edge.service.protocol import Answer

blueprint: Final = Blueprint("act", __name__)

_SNOOZE_MINUTES: Final = 15
_LONGEST_NOTE: Final = 1000


@blueprint.post("/acknowledge")
@needs("acknowledge")
def acknowledge() -> Any:
    """Say that somebody has come, to one alarm or to all."""
    alarm, note = request.form.get("alarm") or None, note_given()
    return done(
        lambda: pieces().ears.acknowledge(who=somebody().who, note=note, alarm=alarm),
        "acknowledged",
    )


@blueprint.post("/snooze")
@needs("acknowledge")
def snooze() -> Any:
    """Let no alarm be raised for a while."""
    minutes = request.form.get("minutes", _SNOOZE_MINUTES, type=int)
    return done(lambda: pieces().ears.snooze(for_s=60.0 * minutes, who=somebody().who), "snoozed")


@blueprint.post("/snooze/end")
@needs("acknowledge")
def end_snooze() -> Any:
    """Let alarms be raised again."""
    return done(lambda: pieces().ears.end_snooze(who=somebody().who), "awake")


@blueprint.post("/mute")
@needs("acknowledge")
def mute() -> Any:
    """Close the microphone."""
    return done(lambda: pieces().ears.mute(who=somebody().who), "muted")


@blueprint.post("/unmute")
@needs("acknowledge")
def unmute() -> Any:
    """Open the microphone."""
    return done(lambda: pieces().ears.unmute(who=somebody().who), "unmuted")


def done(command: Callable[[], Answer], word: str) -> Any:
    """Do what was asked, and lead back to where it is said what came of it."""
    try:
        answer = command()
    except NotListeningError:
        return said.back("away")
    except (RefusedError, ValueError):  # ValueError: a time beyond what may be asked for
        return said.back("refused")
    return said.back("unlogged" if answer.warning else word)


def note_given() -> str:
    """Return the note in the form, without what a log cannot hold."""
    note = request.form.get("note", "").strip()[:_LONGEST_NOTE]
    return note.encode(errors="replace").decode()
