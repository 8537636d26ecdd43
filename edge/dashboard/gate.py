"""Who asks, whether they may, and whether their own page asked: before every view.

A view without a mark (`edge.dashboard.roles`) is refused, so that none can be left open by mistake.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from flask import Flask, Response, abort, g, redirect, request, url_for

from edge.dashboard.people import Person
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import EVERYBODY, needed_role, reaches
from edge.dashboard.sessions import WORD_BYTES

CSRF_FIELD: Final = "csrf_token"
CSRF_HEADER: Final = "X-CSRF-Token"
API: Final = "/api/"

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_COOKIE: Final = "ser-edge"
_BEARER: Final = "bearer "
_YEAR_S: Final = 365 * 86_400
_OWN_PAGE: Final = "the form is too old, or not from this page; go back, load it again and retry"


def set_up(app: Flask) -> None:
    """Put the gate before every view of an application."""
    app.before_request(_check)
    app.after_request(_with_cookie)
    app.context_processor(
        lambda: {"person": person(), "may": may, "csrf_token": csrf_token, "room": pieces().room}
    )


def person() -> Person | None:
    """Return who asks; None for somebody who has not logged in."""
    if "person" not in g:
        g.person = _identified()
    found: Person | None = g.person
    return found


def somebody() -> Person:
    """Return who asks, in a view that needs a role."""
    found = person()
    if found is None:  # a view that is open to all
        abort(401)
    return found


def may(role: str) -> bool:
    """Return whether whoever asks may do what a role may."""
    found = person()
    return found is not None and reaches(found.role, role)


def is_api() -> bool:
    """Return whether a program asks, which wants JSON."""
    return request.path.startswith(API)


def csrf_token() -> str:
    """Return the word that shows a form to be from our own page; it ends with the session."""
    return hmac.new(pieces().secret, _cookie_word().encode(), "sha256").hexdigest()


def log_in(who: Person) -> None:
    """Begin a session; the cookie's word is another than before."""
    forget_session()
    g.new_word = pieces().sessions.begin(who)
    g.new_age_s = _YEAR_S  # the server decides how long it is good


def forget_session() -> None:
    """End the session of whoever asks."""
    if word := request.cookies.get(_cookie_name()):
        pieces().sessions.end(word)
    g.person = None
    g.new_word, g.new_age_s = secrets.token_urlsafe(WORD_BYTES), None


def still_welcome() -> Callable[[], bool]:
    """Return what tells later, without a request, whether whoever asks now may still look."""
    held = pieces()
    token, word = _bearer(), request.cookies.get(_cookie_name(), "")
    if token is not None:
        return lambda: held.tokens.program(token) is not None
    return lambda: held.sessions.person(word) is not None


def _check() -> Response | None:
    if request.endpoint in {None, "static"}:
        return None
    role = needed_role(_view())
    if role is None:
        raise RuntimeError(f"nobody says who may use {request.endpoint}; mark it with needs()")
    refusal = None if role == EVERYBODY else _refusal(role)
    if refusal is None:
        _check_own_page()
    return refusal


def _view() -> Callable[..., Any]:
    from flask import current_app

    return current_app.view_functions[request.endpoint or ""]


def _refusal(role: str) -> Response | None:
    """Return where to log in; fail where whoever asks may not."""
    who = person()
    if who is None and not is_api():
        wanted = request.full_path.rstrip("?") if request.method in _SAFE else "/"
        target = f"{url_for('login.page')}?back={quote(wanted, safe='/')}"
        return _as_response(redirect(target, code=303))
    if who is None:
        abort(401)
    if not reaches(who.role, role):
        abort(403, f"this needs the role {role!r}, and {who.name} has {who.role!r}")
    return None


def _as_response(found: Any) -> Response:
    response: Response = found
    return response


def _check_own_page() -> None:
    """Refuse what another site has somebody's browser send; programs with a token have none."""
    if request.method in _SAFE or _is_program() or (is_api() and person() is None):
        return
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    if not hmac.compare_digest(given.encode(), csrf_token().encode()):
        abort(403, _OWN_PAGE)


def _is_program() -> bool:
    who = person()
    return who is not None and who.is_program


def _identified() -> Person | None:
    token = _bearer()
    if token is not None:
        return pieces().tokens.program(token) if is_api() else None
    word = request.cookies.get(_cookie_name())
    return pieces().sessions.person(word) if word else None


def _bearer() -> str | None:
    """Return the token in the request, right or wrong; None without any."""
    header = request.headers.get("Authorization", "")
    if header[: len(_BEARER)].lower() != _BEARER:
        return None
    return header[len(_BEARER) :].strip()


def _cookie_word() -> str:
    """Return the word of this visit, a new one where the browser has none yet."""
    if "new_word" not in g and not request.cookies.get(_cookie_name()):
        g.new_word, g.new_age_s = secrets.token_urlsafe(WORD_BYTES), None
    word: str = g.new_word if "new_word" in g else request.cookies[_cookie_name()]
    return word


def _cookie_name() -> str:
    """Under HTTPS the browser itself sees to it that no other host can have set the cookie."""
    return f"__Host-{_COOKIE}" if request.is_secure else _COOKIE


def _with_cookie(response: Response) -> Response:
    if "new_word" in g and request.endpoint != "static":
        response.set_cookie(
            _cookie_name(),
            g.new_word,
            max_age=g.new_age_s,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response
