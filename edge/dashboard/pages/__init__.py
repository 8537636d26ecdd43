"""What a caregiver sees: each module a page, with the values that its template shows."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from edge.dashboard.pages import act, alarm, calendar, day, judge, language, listen, now

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    now.blueprint,
    act.blueprint,
    alarm.blueprint,
    day.blueprint,
    judge.blueprint,
    calendar.blueprint,
    listen.blueprint,
    language.blueprint,
)
