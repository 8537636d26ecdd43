"""What stands around every page: nothing from elsewhere, nothing inline, everything there."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from tests.fakes.dashboard import House
from tests.support import REPOSITORY

ROOM = REPOSITORY / "edge" / "dashboard"
SOURCES = sorted([*(ROOM / "templates").iterdir(), *(ROOM / "static").iterdir()])

# What the strict Content-Security-Policy would forbid, and what would be fetched from elsewhere.
INLINE = re.compile(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)
ELSEWHERE = re.compile(
    r"(?:href|src|action|url\()\s*=?\s*[\"']?(?:https?:)?//|@import", re.IGNORECASE
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_nothing_is_inline_or_from_elsewhere(source: object) -> None:
    text = source.read_text(encoding="utf-8")
    if source.suffix == ".html":
        assert not INLINE.search(text)
    assert not ELSEWHERE.search(text)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("<script>alert(1)</script>", INLINE),
        ('<p style="color: red">', INLINE),
        ('<button onclick="go()">', INLINE),
        ('<script src="https://cdn.example/x.js" defer>', ELSEWHERE),
        ('<img src="//cdn.example/x.png">', ELSEWHERE),
        ("background: url(https://cdn.example/x.png)", ELSEWHERE),
    ],
)
def test_what_is_inline_or_from_elsewhere_would_be_found(
    text: str, pattern: re.Pattern[str]
) -> None:
    assert pattern.search(text)


class Links(HTMLParser):
    """Collects where a page leads: its links, its forms and what it is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.ids: list[str] = []

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        table = dict(attrs)
        self.found |= {table[name] or "" for name in ("href", "src") if name in table}
        if table.get("id"):
            self.ids.append(table["id"] or "")


def test_every_link_of_every_page_leads_somewhere(house: House) -> None:
    client = house.log_in("otto")
    waiting, seen = ["/"], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = client.get(path, buffered=True)  # a file is closed at once
        assert answer.status_code in {200, 303}, path
        if answer.mimetype != "text/html" or answer.status_code == 303:
            continue
        links = Links()
        links.feed(answer.text)
        assert len(links.ids) == len(set(links.ids)), path
        own = {link for link in links.found if link.startswith("/")}
        assert own | {"#main"} == links.found, path
        waiting += sorted(link for link in own - seen if _is_near(link) and link not in waiting)
    assert {"/", "/calendar/2026-11", "/listen", "/health", "/people", "/account"} <= seen
    assert any(path.startswith("/judge/") for path in seen)
    assert any(path.startswith("/api/v1/export.csv") for path in seen)


def _is_near(link: str) -> bool:
    """Return whether a link does not lead through all days that ever were."""
    days = re.match(r"/day/(\S+?)(?:/|$)", link)
    months = re.match(r"/calendar/(\S+)", link)
    return not (days and days[1] != "2026-11-26") and not (months and months[1] != "2026-11")


def test_the_page_can_be_put_on_the_home_screen(house: House) -> None:
    client = house.client()
    found = re.search(r'rel="manifest" href="([^"]+)"', client.get("/login").text)
    assert found
    answer = client.get(found[1], buffered=True)
    assert answer.mimetype == "application/json"
    [icon] = json.loads(answer.data)["icons"]
    assert client.get(f"/static/{icon['src']}", buffered=True).mimetype == icon["type"]
