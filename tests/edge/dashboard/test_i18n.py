"""The page in German: nothing is forgotten, nothing is half translated, and numbers are right."""

from __future__ import annotations

import gettext
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from edge.dashboard import i18n
from edge.dashboard.pages import wording
from tests.fakes.dashboard import OPEN_ALARM, ROOM, House, csrf_of
from tests.support import REPOSITORY, need

SOURCE = REPOSITORY / "edge" / "dashboard"
TRANSLATED = [code for code in i18n.LANGUAGES if code != "en"]
MAPPING = i18n.FOLDER / "babel.cfg"
REMEDY = "run script/translate, fill in what is new in edge/dashboard/translations, run it again"

PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")

# Words of English sentences that no German sentence has.
ENGLISH = re.compile(
    r"\b(the|is|of|and|not|with|for|has|have|this|that|cannot|be|to|it|you|your|by|are|from|no)\b",
    re.IGNORECASE,
)

PAGES = (
    "/",
    "/now/parts",
    f"/alarms/{OPEN_ALARM}",
    "/alarms/a-answered",
    "/day/2026-11-26",
    "/day/2026-11-02",
    "/day/2026-11-26/9",
    "/day/2026-11-26/10",
    "/judge/5",
    "/calendar/2026-11",
    "/calendar/2026-10",
    "/listen",
    "/health",
    "/people",
    "/account",
    "/no-such-page",
)


@pytest.fixture(scope="module")
def babel() -> Any:
    need(importlib.util.find_spec("babel"), "babel")
    import babel.messages

    return babel.messages


def extracted(template: Path) -> set[Any]:
    """Return the messages that stand in the source, as `script/translate` finds them."""
    from babel.messages.pofile import read_po

    babel = [sys.executable, "-m", "babel.messages.frontend", "--quiet", "extract"]
    options = [f"--mapping={MAPPING}", "--keywords=marked", f"--output={template}"]
    subprocess.run([*babel, *options, str(SOURCE)], check=True)
    with template.open("rb") as file:
        return {message.id for message in read_po(file) if message.id}


def po_of(code: str) -> Path:
    return i18n.FOLDER / code / "LC_MESSAGES" / "messages.po"


def catalog(code: str) -> Any:
    from babel.messages.pofile import read_po

    with po_of(code).open("rb") as file:
        return read_po(file, locale=code)


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_message_is_translated(babel: Any, tmp_path: Path, code: str) -> None:
    translated = {message.id: message for message in catalog(code) if message.id}
    assert (found := extracted(tmp_path / "messages.pot")) == translated.keys(), REMEDY
    assert len(found) > 150
    for message in translated.values():
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(forms), f"{message.id}: {REMEDY}"
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("code", TRANSLATED)
def test_translations_have_the_same_places(babel: Any, code: str) -> None:
    for message in catalog(code):
        many = message.id[-1] if message.pluralizable else message.id
        forms = message.string if message.pluralizable else (message.string,)
        if message.id:
            for form in forms:
                assert sorted(PLACEHOLDER.findall(form)) == sorted(PLACEHOLDER.findall(many))
                assert "%" not in PLACEHOLDER.sub("", form), form


@pytest.mark.parametrize("code", TRANSLATED)
def test_what_is_compiled_is_what_is_translated(babel: Any, code: str) -> None:
    with po_of(code).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    n_compiled = len([key for key in compiled._catalog if key])
    n_forms = 0
    for message in catalog(code):
        if not message.id:
            continue
        if message.pluralizable:
            n_forms += len(message.string)
            assert tuple(compiled.ngettext(*message.id, n) for n in (1, 2)) == message.string
        else:
            n_forms += 1
            assert compiled.gettext(message.id) == message.string, REMEDY
    assert n_compiled == n_forms, REMEDY


class Texts(HTMLParser):
    """Collects what a page says outside of what is marked as English or is a person's own."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._skipped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        table = dict(attrs)
        is_english = table.get("lang") == "en" and tag != "html"
        if self._skipped or is_english or tag in {"script", "code"}:
            if tag not in {"input", "img", "br", "meta", "link"}:
                self._skipped.append(tag)
            return
        self.found += [table[name] or "" for name in ("aria-label", "placeholder") if name in table]

    def handle_endtag(self, tag: str) -> None:
        if self._skipped and self._skipped[-1] == tag:
            self._skipped.pop()

    def handle_data(self, data: str) -> None:
        if not self._skipped and data.strip():
            self.found.append(" ".join(data.split()))


def english_in(html: str) -> Iterator[str]:
    texts = Texts()
    texts.feed(html)
    for text in texts.found:
        own = re.sub(r"“[^”]*”", "", text).replace(ROOM, "")
        if ENGLISH.search(own):
            yield text


@pytest.mark.parametrize("path", PAGES)
def test_no_german_page_shows_an_english_sentence(house: House, path: str) -> None:
    client = house.log_in("otto")
    answer = client.get(path, headers={"Accept-Language": "de"})
    assert answer.headers["Content-Language"] == "de"
    assert not list(english_in(answer.text))
    assert list(english_in(client.get(path, headers={"Accept-Language": "en"}).text))


def test_no_german_refusal_is_english(house: House) -> None:
    client = house.client()
    german = {"Accept-Language": "de"}
    form = {"name": "anna", "password": "wrong", "csrf_token": csrf_of(client, "/login")}
    answer = client.post("/login", data=form, headers=german)
    assert "Name oder Passwort ist falsch." in answer.text
    assert not list(english_in(answer.text))
    client = house.log_in("lena")
    refused = client.post("/mute", data={"csrf_token": csrf_of(client, "/")}, headers=german)
    assert refused.status_code == 403
    assert not list(english_in(refused.text))


def test_reasons_and_actors_have_words(house: House) -> None:
    with house.app.test_request_context(headers={"Accept-Language": "de"}):
        reason = wording.reason_text("fearful, sad or angry for 12 s of the last 20 s")
        assert reason == "ängstlich, traurig oder wütend, 12 s der letzten 20 s"
        assert wording.reason_text("distress for 8 s of the last 20 s") == (
            "belastet, 8 s der letzten 20 s"
        )
        assert wording.reason_text("sounded for 60 s") == "er war 60 s lang zu hören"
        assert wording.reason_text("again: angry for 8.5 s of the last 20 s") == (
            "wütend, 8,5 s der letzten 20 s"
        )
        assert wording.reason_text("nobody answered for 300 s: angry for 8 s of the last 20 s") == (
            "5 min lang hat niemand geantwortet"
        )
        assert wording.reason_text("the moon is full") is None
        assert wording.rule_title("trouble: deaf") == "Das Mikrofon hört nichts"
        assert wording.rule_title("trouble: ghosts") == "Das Gerät hat ein Problem"
        assert wording.rule_title("night") == "Alarm „night“"
        assert [wording.actor(who) for who in ("", "button", "page: anna", "token: tablet")] == [
            "das Programm",
            "der Knopf",
            "anna",
            "tablet",
        ]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            ("1,234.5", "71%", "Thursday, 26 November 2026", "12 s", "3 min", "2 h 5 min", "Mo Su"),
        ),
        (
            "de",
            (
                "1\xa0234,5",
                "71\xa0%",
                "Donnerstag, 26. November 2026",
                "12 s",
                "3 min",
                "2 h 5 min",
                "Mo So",
            ),
        ),
    ],
)
def test_numbers_and_times_have_the_form_of_the_language(
    house: House, language: str, expected: tuple[str, ...]
) -> None:
    with house.app.test_request_context(headers={"Accept-Language": language}):
        names = i18n.day_names()
        assert (
            i18n.number(1234.5, 1),
            i18n.percent(0.714),
            i18n.long_date(date(2026, 11, 26)),
            i18n.duration(11.6),
            i18n.duration(179.0),
            i18n.duration(7500.0),
            f"{names[0]} {names[-1]}",
        ) == expected


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 s"),
        (59.6, "1 min"),
        (3600.0, "1 h"),
        (5400.0, "1 h 30 min"),
        (36_000.0 + 600, "10 h"),
        (400_000.0, "111 h"),
    ],
)
def test_durations_are_as_exact_as_people_want_them(seconds: float, text: str) -> None:
    assert i18n.duration(seconds) == text


def test_time_of_another_day_bears_its_date(house: House) -> None:
    moment = datetime(2026, 11, 25, 22, 5)  # noqa: DTZ001 - only shown
    with house.app.test_request_context():
        assert i18n.moment_text(moment, today=date(2026, 11, 25)) == "22:05"
        assert i18n.moment_text(moment, today=date(2026, 11, 26)).endswith("2026, 22:05")


@pytest.mark.parametrize(
    ("accepted", "chosen", "expected"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", None, "de"),
        ("fr,en;q=0.2", None, "en"),
        ("fr", None, "en"),
        ("", None, "en"),
        ("de", "en", "en"),
        ("en", "de", "de"),
        ("de", "tlh", "de"),
    ],
)
def test_language_is_the_chosen_or_the_browsers(
    house: House, accepted: str, chosen: str | None, expected: str
) -> None:
    client = house.client()
    if chosen:
        client.set_cookie("language", chosen)
    answer = client.get("/login", headers={"Accept-Language": accepted})
    assert f'<html lang="{expected}">' in answer.text


@pytest.mark.parametrize("back", ["/day/2026-11-26?x=1", "//evil.example", "https://evil.example"])
def test_choice_of_a_language_is_remembered_and_leads_back_here(house: House, back: str) -> None:
    client = house.log_in("lena")
    form = {"language": "de", "back": back, "csrf_token": csrf_of(client, "/")}
    answer = client.post("/language", data=form)
    assert answer.status_code == 303
    assert answer.headers["Location"] == (back if back.startswith("/day") else "/")
    assert '<html lang="de">' in client.get("/").text
    form["language"] = "../../etc"
    client.post("/language", data=form)
    assert '<html lang="de">' in client.get("/").text
