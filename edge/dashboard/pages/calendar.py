"""The calendar: a month of days by calm and distress, and its weeks in sums."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from markupsafe import Markup

from edge.dashboard.drawing.balance import balance
from edge.dashboard.i18n import day_names, duration, gettext, long_date, ngettext
from edge.dashboard.pages.totals import Totals, month_totals
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.errors import NoInputError

blueprint: Final = Blueprint("calendar", __name__)

_FIRST_YEAR: Final = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class DayCell:
    """A day of the month."""

    day: date
    totals: Totals
    is_today: bool

    @property
    def picture(self) -> Markup:
        """Its bar."""
        return balance(
            settled_s=self.totals.settled_s,
            distress_s=self.totals.distress_s,
            voice_s=self.totals.voice_s,
        )

    @property
    def told(self) -> str:
        """What a screen reader says of it."""
        parts = [
            long_date(self.day),
            gettext("voice %(time)s", time=duration(self.totals.voice_s)),
            gettext("distress %(time)s", time=duration(self.totals.distress_s)),
        ]
        if n := self.totals.n_alarms:
            parts.append(ngettext("%(num)s alarm", "%(num)s alarms", n))
        return ", ".join(parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Week:
    """A row of the calendar."""

    number: int
    days: tuple[DayCell | None, ...]
    """From Monday on; None for those of other months."""

    @property
    def totals(self) -> Totals:
        """Sums of the days shown."""
        return sum((cell.totals for cell in self.days if cell), Totals())


@blueprint.get("/calendar")
@needs("look")
def today() -> Any:
    """Show this month, or the one that a form asks for."""
    wanted = request.args.get("month") or f"{pieces().now():%Y-%m}"
    return redirect(url_for("calendar.page", month=wanted), code=303)


@blueprint.get("/calendar/<month>")
@needs("look")
def page(month: str) -> str:
    """Show a month."""
    first = _first_day(month)
    today = pieces().now().date()
    after = (first + timedelta(days=31)).replace(day=1)
    weeks = weeks_of(first, _totals(first, after), today=today)
    return render_template(
        "calendar.html",
        first=first,
        weeks=weeks,
        day_names=day_names(),
        before=first - timedelta(days=1),
        after=after if after <= today else None,
    )


def weeks_of(first: date, totals: dict[date, Totals], *, today: date) -> list[Week]:
    """Return the rows of a month."""
    rows = calendar.Calendar().monthdatescalendar(first.year, first.month)
    return [
        Week(
            number=row[0].isocalendar().week,
            days=tuple(
                DayCell(day=day, totals=totals.get(day, Totals()), is_today=day == today)
                if day.month == first.month
                else None
                for day in row
            ),
        )
        for row in rows
    ]


def _totals(first: date, after: date) -> dict[date, Totals]:
    """Return the sums of a month's days; none where there is no log yet."""
    try:
        with pieces().log() as log:
            return month_totals(log, first, after, pieces().zone)
    except NoInputError:
        return {}


def _first_day(month: str) -> date:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        abort(404)
    if not _FIRST_YEAR <= first.year < date.max.year:
        abort(404)
    return first
