"""One browser for all tests of what people see; the house and its server are those of the page."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.fakes.dashboard import House
from tests.support import need

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}

LIMIT_MS = 20_000
"""Longest time that anything on a page is waited for."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    need(importlib.util.find_spec("playwright"), "playwright")
    chromium = shutil.which("chromium")
    need(chromium, "chromium (Debian package chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture
def visit(browser: Any, house: House, address: str) -> Iterator[Callable[..., Any]]:
    """Return what opens a page for somebody who is logged in, in a browser of their own."""
    with ExitStack() as contexts:

        def visited(path: str = "/", *, who: str | None = "anna", **options: Any) -> Any:
            options = {"viewport": PHONE, "locale": "en-GB", "base_url": address} | options
            context = browser.new_context(**options)
            contexts.callback(context.close)
            context.set_default_timeout(LIMIT_MS)
            if who is not None:
                context.add_cookies(cookies_of(house, who, address))
            page = context.new_page()
            page.faults = []
            page.on("pageerror", lambda error: page.faults.append(str(error)))
            page.on("console", lambda said: _note(page.faults, said))
            page.goto(path)
            return page

        yield visited


def cookies_of(house: House, who: str, address: str) -> list[dict[str, str]]:
    """Return the cookies of somebody who has logged in."""
    client = house.log_in(who)
    found = client.get_cookie("ser-edge")
    assert found is not None
    return [{"name": found.key, "value": found.value, "url": address}]


def _note(faults: list[str], said: Any) -> None:
    """Keep what a browser complains of: a policy that is broken, for example."""
    if said.type == "error" and "Failed to load resource" not in said.text:
        faults.append(said.text)
