"""The reader's language: a button at the foot of each page, remembered in a cookie."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, make_response, redirect, request

from edge.dashboard import i18n
from edge.dashboard.login import own_address
from edge.dashboard.roles import open_to_all

blueprint: Final = Blueprint("language", __name__)


@blueprint.post("/language")
@open_to_all
def choose() -> Any:
    """Take the choice and show the same page again."""
    response = make_response(redirect(own_address(request.form.get("back")), code=303))
    i18n.remember(response, request.form.get("language", ""))
    return response
