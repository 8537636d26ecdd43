"""One's own password."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, render_template, request

from edge.dashboard.gate import log_in, somebody
from edge.dashboard.i18n import gettext as _
from edge.dashboard.pages import said
from edge.dashboard.passwords import LEAST_CHARACTERS
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.errors import UsageError

blueprint: Final = Blueprint("account", __name__)


@blueprint.get("/account")
@needs("look")
def page() -> str:
    """Ask for the present and the new password."""
    return _page()


@blueprint.post("/account")
@needs("look")
def change() -> Any:
    """Take another password; every other session of this person ends."""
    held, who = pieces(), somebody()
    guess = {"address": request.remote_addr or "", "name": who.name}
    if held.brake.wait_s(**guess) > 0:
        return _page(fault=_("Too many wrong passwords. Try again later.")), 429
    held.brake.failed(**guess)
    if held.people.check(who.name, request.form.get("password", "")) is None:
        return _page(fault=_("The present password is wrong.")), 422
    held.brake.succeeded(**guess)
    try:
        held.people.set_password(who.name, request.form.get("new_password", ""))
    except UsageError:
        return _page(fault=_("The new password is too short, too long or too simple.")), 422
    log_in(who)
    return said.back("changed")


def _page(*, fault: str = "") -> str:
    return render_template("account.html", fault=fault, least=LEAST_CHARACTERS)
