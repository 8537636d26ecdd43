"""Every page, for everybody's eyes and for a slow line: axe, both colour schemes, sizes, weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edge.app.models import bundled_sample
from tests.edge.dashboard.browser.conftest import DESKTOP, PHONE
from tests.fakes.dashboard import ANSWERED_ALARM, OPEN_ALARM, House

MOST_BYTES = 150_000
SMALL = {"width": 320, "height": 640}
"""As a larger window that is zoomed in, as WCAG 1.4.10 has it."""

# Every page, as somebody sees it who may do everything.
PAGES = {
    "now": "/",
    "alarm": f"/alarms/{OPEN_ALARM}",
    "answered alarm": f"/alarms/{ANSWERED_ALARM}",
    "day": "/day/2026-11-26",
    "empty day": "/day/2026-11-02",
    "hour": "/day/2026-11-26/9",
    "judge": "/judge/5",
    "calendar": "/calendar/2026-11",
    "file": "/listen",
    "device": "/health",
    "people": "/people",
    "account": "/account",
    "nothing": "/no-such-page",
}


def violations(page: Any) -> list[str]:
    """Return what axe finds, each with the place where it is."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_page_is_for_everybody_and_light(visit: Callable[..., Any], path: str) -> None:
    page = visit("/login", who="otto")
    loaded = watched(page)
    page.goto(path)
    page.wait_for_load_state("load")
    assert 2_000 < sum(loaded.values()) <= MOST_BYTES, loaded
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").count() == 1
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert not (found := violations(page)), (scheme, found)
    for size in (DESKTOP, PHONE, SMALL):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert not page.faults


def test_german_words_have_room(visit: Callable[..., Any]) -> None:
    page = visit("/", who="otto", locale="de-DE", viewport=SMALL)
    for path in PAGES.values():
        page.goto(path)
        for size in (SMALL, PHONE):
            page.set_viewport_size(size)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path


def test_log_in_is_for_everybody(visit: Callable[..., Any]) -> None:
    page = visit("/login", who=None)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert not (found := violations(page)), (scheme, found)
    assert not page.faults


def test_trouble_is_for_everybody(visit: Callable[..., Any], house: House) -> None:
    house.show(health="deaf", fault="only zeros", trouble=("the disk is full",), alarms=())
    page = visit("/", color_scheme="dark")
    page.locator(".feeling.deaf").wait_for()
    page.get_by_text("What the device says").click()
    assert not (found := violations(page)), found


def test_what_is_heard_of_a_file_is_for_everybody(visit: Callable[..., Any]) -> None:
    page = visit("/listen", color_scheme="dark")
    page.get_by_label("Recording").set_input_files(bundled_sample())
    page.get_by_role("button", name="Listen", exact=True).click()
    page.get_by_role("heading", name="room.flac").wait_for()
    assert not (found := violations(page)), found
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_what_is_not_for_everybody_is_found(visit: Callable[..., Any]) -> None:
    page = visit("/login", who=None)
    page.evaluate(
        """() => {
            document.querySelector("main").append(document.createElement("button"));
            document.querySelector("h1").style.color = "#999";
            document.querySelector("h1").style.background = "#aaa";
        }"""
    )
    assert {one.partition(":")[0] for one in violations(page)} == {"button-name", "color-contrast"}


def watched(page: Any) -> dict[str, int]:
    """Return the bytes that a page's requests really take, as they come; nothing is cached."""
    loaded: dict[str, int] = {}
    names: dict[str, str] = {}
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    line.on(
        "Network.requestWillBeSent", lambda e: names.update({e["requestId"]: e["request"]["url"]})
    )

    def add(event: dict[str, Any]) -> None:
        place = names.get(event["requestId"], "?")
        loaded[place] = loaded.get(place, 0) + int(event["encodedDataLength"])

    line.on("Network.loadingFinished", add)
    return loaded
