"""The page in the reader's language: words by gettext, times and numbers in the language's form."""

from __future__ import annotations

import gettext as stdlib_gettext
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, g, has_request_context, request

LANGUAGES: Final = {"en": "English", "de": "Deutsch"}
"""Code and own name of each language; the first is that of the source."""

COOKIE: Final = "language"
FOLDER: Final = Path(__file__).parent / "translations"
DOMAIN: Final = "messages"

_SOURCE: Final = "en"
_YEAR_S: Final = 365 * 86_400
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"


def gettext(message: str, /, **values: object) -> str:
    """Return the message in the reader's language, with the values in their places.

    A percent sign in a message is written twice, in templates too.
    """
    return _plain(message) % values


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """Return the form of the message for `n` of something; ``%(num)s`` stands for `n`."""
    return _plain_plural(one, many, n) % {"num": number(n), **values}


def marked(message: str) -> str:
    """Return the message as it is; it is translated where it is shown."""
    return message


def language() -> str:
    """Return the code of the reader's language; that of the source without a request."""
    if not has_request_context():
        return _SOURCE
    if "language" not in g:
        g.language = _wanted()
    return str(g.language)


def set_up(app: Flask) -> None:
    """Give an application's templates the functions, and its answers the right headers."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    environment: Any = app.jinja_env  # the extension's methods are unknown to its types
    environment.install_gettext_callables(_plain, _plain_plural, newstyle=True)
    app.jinja_env.filters |= FILTERS
    app.context_processor(lambda: {"language": language(), "languages": LANGUAGES})
    app.after_request(_tell_language)


def remember(response: Response, code: str) -> None:
    """Have the browser keep the choice of a language; unknown ones are not kept."""
    if code in LANGUAGES:
        response.set_cookie(
            COOKIE,
            code,
            max_age=_YEAR_S,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )


def number(value: float, digits: int = 0) -> str:
    """Return a number with so many decimals, in the language's form."""
    text = f"{value:,.{digits}f}"
    if language() == "de":
        return text.replace(",", _NO_BREAK).replace(".", ",")
    return text


def percent(share: float) -> str:
    """Return a share as a whole percentage."""
    gap = _NO_BREAK if language() == "de" else ""
    return f"{number(100 * share)}{gap}%"


def decibel(level_dbfs: float) -> str:
    """Return a level below full scale."""
    return f"{number(level_dbfs)}{_NO_BREAK}dB".replace("-", "\N{MINUS SIGN}")


def clock(moment: datetime) -> str:
    """Return the time of day to the minute, as the room's clock shows it."""
    return f"{moment:%H:%M}"


def seconds_clock(moment: datetime) -> str:
    """Return the time of day to the second."""
    return f"{moment:%H:%M:%S}"


def long_date(day: date) -> str:
    """Return a date with the name of its day and month."""
    if language() == "de":
        return f"{day_name(day)}, {day.day}. {month_name(day.month)} {day.year}"
    return f"{day_name(day)}, {day.day} {month_name(day.month)} {day.year}"


def month_title(day: date) -> str:
    """Return a month with its year."""
    return f"{month_name(day.month)} {day.year}"


def moment_text(moment: datetime, *, today: date) -> str:
    """Return the time of day, with the date where that is not today."""
    if moment.date() == today:
        return clock(moment)
    return f"{long_date(moment.date())}, {clock(moment)}"


def stamp(moment: datetime) -> str:
    """Return date and time as short as a table wants them."""
    if language() == "de":
        return f"{moment:%d.%m.%Y}, {clock(moment)}"
    return f"{moment.day} {month_name(moment.month)[:3]} {moment.year}, {clock(moment)}"


def duration(seconds: float) -> str:
    """Return a duration for people, in seconds, minutes or hours."""
    whole = round(seconds)
    if whole < 60:
        return gettext("%(n)s s", n=number(whole))
    minutes = round(seconds / 60)
    if minutes < 60:
        return gettext("%(n)s min", n=number(minutes))
    hours, rest = divmod(minutes, 60)
    if not rest or hours >= 10:
        return gettext("%(n)s h", n=number(minutes / 60))
    return gettext("%(hours)s h %(minutes)s min", hours=number(hours), minutes=number(rest))


def day_name(day: date) -> str:
    """Return the name of the day of the week."""
    return gettext(_DAYS[day.weekday()])


def day_names() -> list[str]:
    """Return the short names of the days, from Monday on."""
    monday = date(2024, 1, 1)
    return [day_name(monday + timedelta(days=n))[:2] for n in range(7)]


def month_name(month: int) -> str:
    """Return the name of the month, 1 to 12."""
    return gettext(_MONTHS[month - 1])


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    "clock": clock,
    "decibel": decibel,
    "day_name": day_name,
    "duration": duration,
    "long_date": long_date,
    "month_title": month_title,
    "number": number,
    "percent": percent,
    "seconds_clock": seconds_clock,
    "stamp": stamp,
}

_DAYS: Final = (
    marked("Monday"),
    marked("Tuesday"),
    marked("Wednesday"),
    marked("Thursday"),
    marked("Friday"),
    marked("Saturday"),
    marked("Sunday"),
)
_MONTHS: Final = (
    marked("January"),
    marked("February"),
    marked("March"),
    marked("April"),
    marked("May"),
    marked("June"),
    marked("July"),
    marked("August"),
    marked("September"),
    marked("October"),
    marked("November"),
    marked("December"),
)


@cache
def _catalog(code: str) -> stdlib_gettext.NullTranslations:
    return stdlib_gettext.translation(DOMAIN, FOLDER, [code], fallback=code == _SOURCE)


def _plain(message: str) -> str:
    return _catalog(language()).gettext(message)


def _plain_plural(one: str, many: str, n: int) -> str:
    return _catalog(language()).ngettext(one, many, n)


def _wanted() -> str:
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(list(LANGUAGES)) or _SOURCE


def _tell_language(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.content_language.add(language())
        response.vary.update(("Accept-Language", "Cookie"))
    return response
