"""What every template may use: icons, words, the navigation, where it stands."""

from __future__ import annotations

from datetime import datetime

from flask import Flask, request, url_for

from edge.dashboard.drawing.shapes import icon
from edge.dashboard.gate import may
from edge.dashboard.i18n import gettext, moment_text
from edge.dashboard.pages import said, wording
from edge.dashboard.pieces import pieces


def set_up(app: Flask) -> None:
    """Give an application's templates what they use."""
    app.jinja_env.globals |= {"icon": icon}
    app.jinja_env.filters |= {
        "moment": _moment,
        "state_word": wording.state_word,
        "state_sentence": wording.state_sentence,
        "rule_title": wording.rule_title,
        "reason_text": wording.reason_text,
        "actor": wording.actor,
        "status_sentence": wording.status_sentence,
    }
    app.context_processor(lambda: {"navigation": _navigation, "here": _here})
    said.set_up(app)


def _moment(moment: datetime) -> str:
    return moment_text(moment, today=pieces().now().date())


def _navigation() -> list[tuple[str, str]]:
    """Return the address and name of each page that whoever asks may see."""
    pages = [
        (url_for("now.page"), gettext("Now")),
        (url_for("day.today"), gettext("Day")),
        (url_for("calendar.today"), gettext("Calendar")),
        (url_for("listen.page"), gettext("File")),
        (url_for("health.page"), gettext("Device")),
    ]
    if may("administer"):
        pages.append((url_for("people.page"), gettext("People")))
    return pages


def _here() -> str:
    """Return the address of this page, for a form that leads back to it."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path
