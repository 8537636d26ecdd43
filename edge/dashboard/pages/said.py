"""What came of a form, said once on the page that it leads to; a cookie carries which sentence."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask, Response, g, redirect, request

from edge.dashboard.i18n import gettext, marked
from edge.dashboard.login import own_address

SENTENCES: Final = {
    "acknowledged": ("good", marked("Acknowledged.")),
    "snoozed": ("good", marked("No alarm is raised for a while.")),
    "awake": ("good", marked("Alarms are raised again.")),
    "muted": ("good", marked("The microphone is off.")),
    "unmuted": ("good", marked("The microphone is on again.")),
    "judged": ("good", marked("Thank you, it is noted.")),
    "changed": ("good", marked("It is changed.")),
    "rolled back": ("good", marked("The model before listens again within seconds.")),
    "unlogged": ("warn", marked("It was done, but could not be written into the log.")),
    "away": (
        "danger",
        marked("It was not done: the program that listens does not answer."),
    ),
    "refused": ("danger", marked("It was not done: the program that listens refused it.")),
}
"""Kind of the message and its text, by what the cookie says."""

_COOKIE: Final = "said"
_KEPT_S: Final = 60


def back(word: str) -> Any:
    """Lead back to where the form stood, and have one of the sentences said there."""
    response = redirect(own_address(request.form.get("back")), code=303)
    response.set_cookie(
        _COOKIE,
        word,
        max_age=_KEPT_S,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    return response


def set_up(app: Flask) -> None:
    """Give an application's templates ``outcome()``."""
    app.context_processor(lambda: {"outcome": _said})
    app.after_request(_forgotten)


def _said() -> tuple[str, str] | None:
    """Return what there is to say, which is then said."""
    word = request.cookies.get(_COOKIE, "")
    if word not in SENTENCES:
        return None
    g.is_said = True
    kind, message = SENTENCES[word]
    return kind, gettext(message)


def _forgotten(response: Response) -> Response:
    if "is_said" in g:
        response.delete_cookie(_COOKIE, httponly=True, samesite="Lax")
    return response
