"""The application: its blueprints, and what stands around every view."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from flask import Flask, url_for

from edge.dashboard import admin, api, faults, gate, headers, i18n, login, pages, stream
from edge.dashboard.pages import surroundings
from edge.dashboard.pieces import EXTENSION, Pieces, Surroundings
from edge.dashboard.uploads import MemoryRequest

_HERE: Final = Path(__file__).parent


class DashboardApp(Flask):
    """A Flask application whose requests stay in memory."""

    request_class = MemoryRequest

    def add_url_rule(self, rule: str, *arguments: Any, **options: Any) -> None:
        """Add an address; it answers to no method that nobody has thought of."""
        options["provide_automatic_options"] = False
        super().add_url_rule(rule, *arguments, **options)


def create_app(around: Surroundings, *, pieces: Pieces | None = None) -> DashboardApp:
    """Return the application.

    Parameters
    ----------
    around : Surroundings
        What it finds on this machine.
    pieces : Pieces, optional
        With other limits than the usual.
    """
    app = DashboardApp("edge.dashboard", root_path=str(_HERE))
    app.json.sort_keys = False  # type: ignore[attr-defined] # the default provider has it
    app.extensions[EXTENSION] = pieces or Pieces(around)
    app.jinja_env.globals["static"] = _static(_HERE / "static")
    for room in (i18n, gate, headers, faults, surroundings):
        room.set_up(app)
    for blueprint in (
        login.blueprint,
        stream.blueprint,
        *pages.BLUEPRINTS,
        *admin.BLUEPRINTS,
        *api.BLUEPRINTS,
    ):
        app.register_blueprint(blueprint)
    return app


def _static(folder: Path) -> Callable[[str], str]:
    @cache
    def version(name: str) -> str:
        return sha256((folder / name).read_bytes()).hexdigest()[:12]

    def address(name: str) -> str:
        """Return the address of a static file, another one whenever its content changes."""
        return url_for("static", filename=name, v=version(name))

    return address
