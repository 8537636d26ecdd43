"""Views for those who look after the device: its health, its models, people, tokens, passwords."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from edge.dashboard.admin import account, health, people

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    health.blueprint,
    people.blueprint,
    account.blueprint,
)
