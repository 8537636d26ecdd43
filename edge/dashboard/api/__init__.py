"""The JSON API, version 1: the same as the pages, for programs."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

BLUEPRINTS: Final[tuple[Blueprint, ...]] = ()
