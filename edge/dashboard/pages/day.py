"""The day: its hours as strips, its alarms; each hour leads to its stretches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from markupsafe import Markup

from edge.contract.labels import GROUPS, NO_SPEECH
from edge.dashboard.drawing.strip import Stretch, strip
from edge.dashboard.pages import days, stories
from edge.dashboard.pages.stories import Span, Story
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.errors import NoInputError

blueprint: Final = Blueprint("day", __name__)

N_ROWS: Final = 150
"""Stretches on a page of an hour: more would make it too heavy for a phone."""


SHOWN: Final = (
    "fearful",
    "sad",
    "angry",
    "disgusted",
    "surprised",
    "happy",
    "calm",
    "neutral",
    "uncertain",
)
"""States of the legend, as tall as they are drawn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HourRow:
    """One hour of the day's table."""

    begin: datetime
    picture: Markup
    distress_s: float
    settled_s: float
    voice_s: float
    n_alarms: int


@blueprint.get("/day")
@needs("look")
def today() -> Any:
    """Show today, or the day that a form asks for."""
    try:
        wanted = date.fromisoformat(request.args.get("date", ""))
    except ValueError:
        wanted = pieces().now().date()
    return redirect(url_for("day.page", day=wanted.isoformat()), code=303)


@blueprint.get("/day/<day>")
@needs("look")
def page(day: str) -> str:
    """Show a day."""
    asked, now = _date(day), pieces().now()
    begin, end = days.bounds(asked, pieces().zone)
    spans, alarms = _heard(begin, end, now)
    return render_template(
        "day.html",
        day=asked,
        today=now.date(),
        before=_neighbour(asked, -1),
        after=_neighbour(asked, 1) if asked < now.date() else None,
        begin=begin,
        end=end,
        rows=hour_rows(asked, pieces().zone, spans, alarms),
        alarms=alarms,
        states=SHOWN,
    )


@blueprint.get("/day/<day>/<int:hour>")
@needs("look")
def hour(day: str, hour: int) -> str:
    """Show the stretches of an hour, so many at a time."""
    asked, now = _date(day), pieces().now()
    found = days.hour_bounds(asked, hour, pieces().zone)
    if found is None:
        abort(404)
    begin, end = found
    first = max(0, request.args.get("from", 0, type=int))
    with pieces().log() as log:
        spans = [s for s in stories.spans(log, begin, end, now=now) if s.state != NO_SPEECH]
        said = stories.judgements(log, begin, end)
        alarms = stories.stories(log, begin, end)
    return render_template(
        "hour.html",
        day=asked,
        hour=hour,
        begin=begin,
        end=end,
        spans=spans[first : first + N_ROWS],
        said=said,
        earlier=max(0, first - N_ROWS) if first else None,
        later=first + N_ROWS if first + N_ROWS < len(spans) else None,
        n_spans=len(spans),
        alarms=alarms,
    )


def hour_rows(
    day: date, zone: tzinfo, spans: Iterable[Span], alarms: Iterable[Story]
) -> list[HourRow]:
    """Return the hours in which something was heard, oldest first."""
    known, raised = list(spans), [alarm.raised for alarm in alarms]
    rows = [_row(begin, known, raised) for begin in days.hours(day, zone)]
    return [row for row in rows if row is not None]


def _row(begin: datetime, spans: list[Span], raised: list[datetime]) -> HourRow | None:
    stretches = [
        Stretch(
            begin_s=(span.begin - begin).total_seconds(),
            end_s=(span.end - begin).total_seconds(),
            state=span.state,
        )
        for span in spans
        if span.end > begin and span.begin < begin + timedelta(hours=1)
    ]
    alarms_s = [(at - begin).total_seconds() for at in raised]
    within = [at_s for at_s in alarms_s if 0 <= at_s < 3600]
    if not stretches and not within:
        return None
    return HourRow(
        begin=begin,
        picture=strip(stretches, within),
        distress_s=_seconds(stretches, GROUPS["distress"]),
        settled_s=_seconds(stretches, GROUPS["settled"]),
        voice_s=sum(_within(s) for s in stretches if s.state != NO_SPEECH),
        n_alarms=len(within),
    )


def _seconds(stretches: Iterable[Stretch], states: tuple[str, ...]) -> float:
    return sum(_within(stretch) for stretch in stretches if stretch.state in states)


def _within(stretch: Stretch) -> float:
    return max(0.0, min(3600.0, stretch.end_s) - max(0.0, stretch.begin_s))


def _heard(begin: datetime, end: datetime, now: datetime) -> tuple[list[Span], list[Story]]:
    """Return what the log has of a day; nothing where there is no log yet."""
    try:
        with pieces().log() as log:
            return stories.spans(log, begin, end, now=now), stories.stories(log, begin, end)
    except NoInputError:
        return [], []


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(404)


def _neighbour(day: date, n: int) -> date | None:
    try:
        return day + timedelta(days=n)
    except OverflowError:
        return None
