"""The calendar: a month of days by calm and distress, and its weeks in sums."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from markupsafe import Markup

from edge.contract.labels import STATES
from edge.dashboard.drawing.balance import balance
from edge.dashboard.i18n import day_names, duration, gettext, long_date, ngettext
from edge.dashboard.pages.day import FIRST_YEAR, LAST_YEAR
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.errors import NoInputError
from edge.record import summary
from edge.record.summary import DaySums

blueprint: Final = Blueprint("calendar", __name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class DayCell:
    """A day of the month."""

    day: date
    sums: DaySums
    is_today: bool

    @property
    def is_empty(self) -> bool:
        """Whether nobody listened."""
        return not (self.sums.heard_s or self.sums.n_alarms)

    @property
    def picture(self) -> Markup:
        """Its bar."""
        return balance(
            settled_s=self.sums.group_s("settled"),
            distress_s=self.sums.group_s("distress"),
            voice_s=self.sums.voice_s,
        )

    @property
    def told(self) -> str:
        """What a screen reader says of it."""
        parts = [
            long_date(self.day),
            gettext("voice %(time)s", time=duration(self.sums.voice_s)),
            gettext("distress %(time)s", time=duration(self.sums.group_s("distress"))),
        ]
        if n := self.sums.n_alarms:
            parts.append(ngettext("%(num)s alarm", "%(num)s alarms", n))
        return ", ".join(parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Week:
    """A row of the calendar."""

    number: int
    days: tuple[DayCell | None, ...]
    """From Monday on; None for those of other months."""

    @property
    def is_empty(self) -> bool:
        """Whether nobody listened in it."""
        return all(cell.is_empty for cell in self.days if cell)

    @property
    def sums(self) -> DaySums:
        """Sums of the days shown."""
        shown = [cell.sums for cell in self.days if cell]
        return DaySums(
            states_s={s: sum(one.states_s.get(s, 0.0) for one in shown) for s in STATES},
            n_alarms=sum(one.n_alarms for one in shown),
        )


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
    weeks = weeks_of(first, _sums(first, after), today=today)
    return render_template(
        "calendar.html",
        first=first,
        weeks=weeks,
        day_names=day_names(),
        before=first - timedelta(days=1),
        after=after if after <= today else None,
    )


def weeks_of(first: date, sums: dict[date, DaySums], *, today: date) -> list[Week]:
    """Return the rows of a month."""
    rows = calendar.Calendar().monthdatescalendar(first.year, first.month)
    return [
        Week(
            number=row[0].isocalendar().week,
            days=tuple(
                DayCell(day=day, sums=sums.get(day, DaySums()), is_today=day == today)
                if day.month == first.month
                else None
                for day in row
            ),
        )
        for row in rows
    ]


def _sums(first: date, after: date) -> dict[date, DaySums]:
    """Return the sums of a month's days; none where there is no log yet."""
    try:
        with pieces().log() as log:
            return summary.calendar(log, first, after, pieces().zone, now=pieces().now())
    except NoInputError:
        return {}


def _first_day(month: str) -> date:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        abort(404)
    if not FIRST_YEAR <= first.year <= LAST_YEAR:
        abort(404)
    return first
