"""The day: its hours as strips, its alarms; each hour leads to its stretches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from markupsafe import Markup

from edge.contract.labels import GROUPS, NO_SPEECH
from edge.dashboard.drawing.strip import HOUR_S, Mark, strip
from edge.dashboard.pages import days, stories
from edge.dashboard.pages.stories import Story
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.errors import NoInputError
from edge.record.days import day_bounds
from edge.record.timeline import Stretch, timeline

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 9000
"""Years in which days have a day before and a day after, wherever the room is."""

blueprint: Final = Blueprint("day", __name__)

N_ROWS: Final = 150
"""Stretches on a page of an hour: more would make it too heavy for a phone."""


N_ALARMS: Final = 30
"""Alarms on a page, the newest; the CSV has them all."""

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
    asked, now, zone = _date(day), pieces().now(), pieces().zone
    begin, end = day_bounds(asked, zone)
    stretches, alarms = _heard(begin, end)
    return render_template(
        "day.html",
        day=asked,
        today=now.date(),
        before=asked - timedelta(days=1),
        after=asked + timedelta(days=1) if asked < now.date() else None,
        begin=begin,
        end=end,
        rows=hour_rows(list(days.hours(asked, zone)), stretches, alarms),
        alarms=alarms[:N_ALARMS],
        n_alarms=len(alarms),
        states=SHOWN,
    )


@blueprint.get("/day/<day>/<int:hour>")
@needs("look")
def hour(day: str, hour: int) -> str:
    """Show the stretches of an hour, so many at a time."""
    asked = _date(day)
    found = days.hour_bounds(asked, hour, pieces().zone)
    if found is None:
        abort(404)
    first = max(0, request.args.get("from", 0, type=int))
    with pieces().log() as log:
        heard = timeline(log, *found, now=pieces().now()).stretches
        voiced = [stretch for stretch in heard if stretch.state != NO_SPEECH]
        shown = voiced[first : first + N_ROWS]
        return render_template(
            "hour.html",
            day=asked,
            hour=hour,
            begin=found[0],
            end=found[1],
            stretches=shown,
            said=stories.judgements(log, shown),
            earlier=max(0, first - N_ROWS) if first else None,
            later=first + N_ROWS if first + N_ROWS < len(voiced) else None,
            alarms=stories.stories(log, *found)[:N_ALARMS],
        )


def hour_rows(
    hours: Sequence[datetime], stretches: Iterable[Stretch], alarms: Iterable[Story]
) -> list[HourRow]:
    """Return the hours in which something was heard or somebody was called, oldest first."""
    if not hours:
        return []
    heard: dict[int, list[Mark]] = defaultdict(list)
    for stretch in stretches:
        _spread(stretch, hours[0], heard)
    raised: dict[int, list[float]] = defaultdict(list)
    for alarm in alarms:
        n, at_s = divmod(alarm.raised.timestamp() - hours[0].timestamp(), HOUR_S)
        raised[int(n)].append(at_s)
    return [
        _row(begin, heard[n], raised[n]) for n, begin in enumerate(hours) if heard[n] or raised[n]
    ]


def _spread(stretch: Stretch, since: datetime, heard: dict[int, list[Mark]]) -> None:
    """Put a stretch into each of the hours that it touches."""
    # Not as a difference of two times in one zone, which ignores a change of the clocks.
    since_s = since.timestamp()
    begin_s, end_s = stretch.begin.timestamp() - since_s, stretch.end.timestamp() - since_s
    for n in range(int(begin_s // HOUR_S), int(max(begin_s, end_s - 0.001) // HOUR_S) + 1):
        heard[n].append(
            Mark(
                begin_s=max(0.0, begin_s - n * HOUR_S),
                end_s=min(HOUR_S, end_s - n * HOUR_S),
                state=stretch.state,
            )
        )


def _row(begin: datetime, marks: list[Mark], alarms_s: list[float]) -> HourRow:
    return HourRow(
        begin=begin,
        picture=strip(marks, alarms_s),
        distress_s=sum(m.lasts_s for m in marks if m.state in GROUPS["distress"]),
        voice_s=sum(m.lasts_s for m in marks if m.state != NO_SPEECH),
        n_alarms=len(alarms_s),
    )


def _heard(begin: datetime, end: datetime) -> tuple[tuple[Stretch, ...], list[Story]]:
    """Return what the log has of a day; nothing where there is no log yet."""
    try:
        with pieces().log() as log:
            heard = timeline(log, begin, end, now=pieces().now())
            return heard.stretches, stories.stories(log, begin, end)
    except NoInputError:
        return (), []


def _date(text: str) -> date:
    """Return a date of which there is a day before and a day after."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(404)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        abort(404)
    return day
