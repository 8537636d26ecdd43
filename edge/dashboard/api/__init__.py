"""The JSON API, version 1: the same as the pages, for programs.

Never here: HTML, another meaning than the pages have. `openapi.json` describes every route.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from edge.dashboard.api import description, device, now, past, recordings
from edge.dashboard.api.blueprint import blueprint

MODULES: Final = (now, past, device, recordings, description)
"""Each puts its views into the blueprint."""

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (blueprint,)
