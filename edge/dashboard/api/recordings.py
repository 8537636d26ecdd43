"""Listening to a file: the answer is all that remains of it."""

from __future__ import annotations

from typing import Any, Final

from flask import abort, request

from edge.dashboard.api import asked
from edge.dashboard.api.blueprint import blueprint
from edge.dashboard.hearing import hear
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.dashboard.uploads import takes_recordings

KINDS: Final = ("audio/wav", "audio/x-wav", "audio/flac", "audio/x-flac")


@blueprint.post("/analyze")
@needs("look")
@takes_recordings
def analyze() -> dict[str, Any]:
    """Tell the emotions of the recording in the body."""
    asked.nothing()
    if request.mimetype not in KINDS:
        abort(415, f"send a WAV or FLAC file as it is, with Content-Type: {KINDS[0]} or {KINDS[2]}")
    analyzer = pieces().analyzer()
    analysis = hear(
        asked.body(), name="the recording", analyzer=analyzer, then=lambda heard: heard.analysis
    )
    manifest = analyzer.bundle.manifest
    model = {"name": manifest.name, "version": manifest.version}
    return {**analysis.to_dict(), "model": model}
