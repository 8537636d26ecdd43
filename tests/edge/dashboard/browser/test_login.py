"""Who may look: logging in and out as people do it, and in whose language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.fakes.dashboard import PASSWORD


def log_in(page: Any, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_somebody_logs_in_sees_the_room_and_logs_out(visit: Callable[..., Any]) -> None:
    page = visit("/day/2026-11-26", who=None)
    assert "Log in" in page.title()
    log_in(page, "lena", PASSWORD)
    page.get_by_role("heading", name="Thursday, 26 November 2026").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Log in").wait_for()
    page.goto("/")
    assert "Log in" in page.title()


def test_wrong_password_is_told_and_nobody_is_let_in(visit: Callable[..., Any]) -> None:
    page = visit("/", who=None)
    log_in(page, "lena", "wrong")
    assert page.get_by_role("alert").inner_text() == "Name or password is wrong."
    page.goto("/")
    assert "Log in" in page.title()


def test_language_is_the_browsers_until_somebody_chooses(visit: Callable[..., Any]) -> None:
    page = visit("/", locale="de-DE")
    assert page.locator("html").get_attribute("lang") == "de"
    page.get_by_text("Klingt wütend").first.wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_text("Sounds angry").first.wait_for()
    page.goto("/calendar/2026-11")
    page.get_by_role("heading", name="Weeks").wait_for()
    assert page.locator("html").get_attribute("lang") == "en"
