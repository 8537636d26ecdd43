"""Listen to a file: a recording is analysed in memory, shown once and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, Final

import numpy as np
from flask import Blueprint, render_template, request
from markupsafe import Markup
from numpy.typing import NDArray

from edge.analysis import ClipAnalysis, likeliest
from edge.contract.labels import EMOTIONS, NO_SPEECH
from edge.dashboard.drawing import clip
from edge.dashboard.hearing import LONGEST_S, Heard, hear
from edge.dashboard.i18n import gettext as _
from edge.dashboard.i18n import number
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.dashboard.uploads import RECORDING_BYTES, takes_recordings
from edge.decide.outcomes import Scores
from edge.errors import AudioDataError, BundleError, BusyError, TooLongError

blueprint: Final = Blueprint("listen", __name__)

_LONGEST_NAME: Final = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """Windows one after the other that sound alike."""

    begin_s: float
    end_s: float
    state: str
    """The likeliest of them; ``no_speech`` where nobody speaks."""
    share: float
    """Mean of its probabilities; 0 without speech."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What is shown of a recording."""

    name: str
    duration_s: float
    speech_s: float
    shares: tuple[tuple[str, float], ...]
    """Each emotion over the whole recording, the likeliest first; none without speech."""
    passages: tuple[Passage, ...]
    waveform: Markup
    spectrogram: Markup
    emotions: Markup

    @property
    def is_clear(self) -> bool:
        """Whether one emotion is likelier than all others together."""
        return bool(self.shares) and self.shares[0][1] > 0.5


@blueprint.get("/listen")
@needs("look")
def page() -> str:
    """Ask for a recording."""
    return _page()


@blueprint.post("/listen")
@needs("look")
@takes_recordings
def result() -> Any:
    """Show what the model tells of a recording, or why it cannot."""
    given = request.files.get("recording")
    if given is None or not given.filename:
        return _page(error=_("Choose a recording first.")), 422
    name = given.filename.replace("\\", "/").rpartition("/")[2][-_LONGEST_NAME:]
    try:
        found = hear(
            given.read(),
            name=name,
            analyzer=pieces().analyzer(),
            then=lambda heard: result_of(heard, name),
        )
    except BusyError:
        return _page(error=_("Another recording is being listened to. Try again in a moment.")), 503
    except (AudioDataError, BundleError) as error:
        return _page(error=_sentence(error, name), detail=str(error)), 422
    return _page(result=found)


def result_of(heard: Heard, name: str) -> Result:
    """Return what is shown of a recording that was listened to."""
    analysis = heard.analysis
    return Result(
        name=name,
        duration_s=analysis.duration_s,
        speech_s=analysis.speech_s,
        shares=tuple(sorted(analysis.probabilities.items(), key=lambda item: -item[1])),
        passages=tuple(_passages(analysis)),
        waveform=clip.waveform(heard.samples),
        spectrogram=clip.spectrogram(_at_full_scale(heard.samples), heard.sample_rate_hz),
        emotions=clip.emotions(_lines(analysis), analysis.duration_s),
    )


def _page(result: Result | None = None, error: str = "", detail: str = "") -> str:
    return render_template(
        "listen.html",
        result=result,
        error=error,
        detail=detail,
        most_mb=number(RECORDING_BYTES / 1e6),
        most_minutes=number(LONGEST_S / 60),
    )


def _sentence(error: Exception, name: str) -> str:
    if isinstance(error, TooLongError):
        return _("“%(name)s” is too long.", name=name)
    if isinstance(error, BundleError):
        return _("The model cannot be used now.")
    return _("“%(name)s” is no recording that can be read.", name=name)


def _lines(analysis: ClipAnalysis) -> list[clip.Line]:
    return [
        clip.Line(
            state=label,
            is_strong=label == analysis.label,
            points=tuple(
                (
                    (begin_s + end_s) / 2,
                    window.probabilities[label]
                    if window.is_speech and window.probabilities
                    else None,
                )
                for window, begin_s, end_s in _timed(analysis)
            ),
        )
        for label in analysis.probabilities
        if label in EMOTIONS
    ]


def _passages(analysis: ClipAnalysis) -> Iterator[Passage]:
    """Yield passages that touch: each window speaks for the time around its middle."""
    timed = list(_timed(analysis))
    middles = [(begin_s + end_s) / 2 for _, begin_s, end_s in timed]
    borders = [(one + other) / 2 for one, other in pairwise(middles)]
    spans = pairwise([0.0, *borders, analysis.duration_s])
    told = [(*span, *_told(window)) for span, (window, *_times) in zip(spans, timed, strict=True)]
    for state, group in groupby(told, key=lambda item: item[2]):
        members = list(group)
        yield Passage(
            begin_s=members[0][0],
            end_s=members[-1][1],
            state=state,
            share=sum(share for *_, share in members) / len(members),
        )


def _told(window: Scores) -> tuple[str, float]:
    probabilities = window.probabilities if window.is_speech else None
    label = likeliest(probabilities)
    return (label, probabilities[label]) if label and probabilities else (NO_SPEECH, 0.0)


def _timed(analysis: ClipAnalysis) -> Iterator[tuple[Scores, float, float]]:
    for window in analysis.windows:
        begin_s = window.start_sample / analysis.sample_rate_hz
        end_s = min(window.end_sample / analysis.sample_rate_hz, analysis.duration_s)
        yield window, begin_s, end_s


def _at_full_scale(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the samples scaled to their peak: a quiet recording has a picture too."""
    peak = float(np.abs(samples).max())
    return samples / np.float32(peak) if peak > 0 else samples
