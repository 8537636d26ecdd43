"""Logging in and out."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from edge.dashboard.gate import forget_session, log_in, person
from edge.dashboard.i18n import gettext as _
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import open_to_all

blueprint: Final = Blueprint("login", __name__)

_OWN_ADDRESS: Final = re.compile(r"/(?![/\\])[^\\\x00-\x1f]*")
_LONGEST_NAME: Final = 100


@blueprint.get("/login")
@open_to_all
def page() -> Any:
    """Show the form, or go on where somebody has logged in already."""
    if person():
        return redirect(own_address(request.args.get("back")), code=303)
    return _form("", status=200)


@blueprint.post("/login")
@open_to_all
def enter() -> Any:
    """Take a name and a password."""
    held = pieces()
    name = request.form.get("name", "")[:_LONGEST_NAME].strip()
    guess = {"address": request.remote_addr or "", "name": name}
    wait_s = held.brake.wait_s(**guess)
    if wait_s > 0:
        return _slowed(wait_s)
    held.brake.failed(**guess)  # before the look, or many at once would all be free
    found = held.people.check(name, request.form.get("password", ""))
    if found is None:
        return _form(_("Name or password is wrong."), status=401)
    held.brake.succeeded(**guess)
    log_in(found)
    return redirect(own_address(request.form.get("back")), code=303)


@blueprint.post("/logout")
@open_to_all
def leave() -> Any:
    """End the session."""
    forget_session()
    return redirect(url_for("login.page"), code=303)


def own_address(wanted: str | None) -> str:
    """Return an address of this page, never of another host; the first page for want of one."""
    return wanted if wanted and _OWN_ADDRESS.fullmatch(wanted) else "/"


def _slowed(wait_s: float) -> Response:
    seconds = math.ceil(wait_s)
    sentence = _("Too many wrong passwords. Try again in %(seconds)s s.", seconds=seconds)
    response = _form(sentence, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _form(fault: str, *, status: int) -> Response:
    back = own_address(request.values.get("back"))
    is_empty = not pieces().people.all()
    body = render_template("login.html", fault=fault, back=back, is_empty=is_empty)
    return make_response(body, status)
