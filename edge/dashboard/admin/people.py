"""The page of people and tokens, for administrators; they cannot shut themselves out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, render_template, request

from edge.dashboard.gate import somebody
from edge.dashboard.i18n import gettext as _
from edge.dashboard.pages import said
from edge.dashboard.passwords import LEAST_CHARACTERS
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import ROLES, needs
from edge.errors import SerError

blueprint: Final = Blueprint("people", __name__)


@blueprint.get("/people")
@needs("administer")
def page() -> str:
    """Show who may do what."""
    return _page()


@blueprint.post("/people/add")
@needs("administer")
def add() -> Any:
    """Let somebody in."""
    form = request.form
    return _done(
        lambda: pieces().people.add(
            form.get("name", "").strip(),
            role=form.get("role", ""),
            password=form.get("password", ""),
        )
    )


@blueprint.post("/people/change")
@needs("administer")
def change() -> Any:
    """Give somebody another role or password, or let them in no more."""
    name, word = request.form.get("name", ""), request.form.get("do", "")
    if name.casefold() == somebody().name.casefold() and word != "password":
        return _page(fault=_("You cannot do this to yourself; another administrator can.")), 409
    people = pieces().people
    changes: dict[str, Callable[[], Any]] = {
        "role": lambda: people.set_role(name, request.form.get("role", "")),
        "password": lambda: people.set_password(name, request.form.get("password", "")),
        "remove": lambda: people.remove(name),
    }
    return _done(changes.get(word, lambda: None))


@blueprint.post("/people/tokens/add")
@needs("administer")
def add_token() -> Any:
    """Make a token and show it, this once."""
    name = request.form.get("name", "").strip()
    try:
        made = pieces().tokens.add(name, role=request.form.get("role", ""))
    except SerError as error:
        return _page(fault=str(error)), 422
    return _page(token=made, token_name=name)


@blueprint.post("/people/tokens/remove")
@needs("administer")
def remove_token() -> Any:
    """Let a token count no more."""
    return _done(lambda: pieces().tokens.remove(request.form.get("name", "")))


def _done(command: Callable[[], Any]) -> Any:
    try:
        command()
    except SerError as error:
        return _page(fault=str(error)), 422
    return said.back("changed")


def _page(*, fault: str = "", token: str = "", token_name: str = "") -> str:
    held = pieces()
    return render_template(
        "people.html",
        people=held.people.all(),
        tokens=held.tokens.all(),
        roles=ROLES,
        least=LEAST_CHARACTERS,
        fault=fault,
        token=token,
        token_name=token_name,
        local=_local,
    )


def _local(time: datetime) -> datetime:
    return time.astimezone(pieces().zone)
