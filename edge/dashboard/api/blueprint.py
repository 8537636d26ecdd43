"""The one blueprint of the API, which its modules put their views into."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

VERSION: Final = "v1"

blueprint: Final = Blueprint("api", __name__, url_prefix=f"/api/{VERSION}")
