from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edge.dashboard.gate import CSRF_HEADER
from edge.dashboard.headers import HEADERS
from edge.dashboard.ratelimit import N_FREE
from edge.dashboard.roles import EVERYBODY, ROLES, needed_role, reaches
from edge.errors import RecordError
from edge.service.protocol import Mute
from tests.fakes.dashboard import OPEN_ALARM, PASSWORD, PEOPLE, House, csrf_of

NAME_OF = {role: name for name, role in PEOPLE.items()}

ROLE_OF_ENDPOINT = {
    "act.": "acknowledge",
    "alarm.judge": "acknowledge",
    "api.acknowledge": "acknowledge",
    "api.end_snooze": "acknowledge",
    "api.feedback": "acknowledge",
    "api.mute": "acknowledge",
    "api.roll_back": "administer",
    "api.snooze": "acknowledge",
    "api.unmute": "acknowledge",
    "judge.": "acknowledge",
    "health.roll_back": "administer",
    "people.": "administer",
}
"""Beginnings of endpoints that need more than to look; the longest one holds."""

OPEN_ENDPOINTS = {
    "api.description",
    "language.choose",
    "login.enter",
    "login.leave",
    "login.page",
}


def routes(house: House) -> Iterator[tuple[str, str, str]]:
    """Yield endpoint, method and an address of every route but the static files'."""
    for rule in house.app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        path = re.sub(r"<(?:\w+(?:\(.*?\))?:)?(\w+)>", lambda found: _SAMPLES[found[1]], rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, path


_SAMPLES = {
    "alarm": OPEN_ALARM,
    "at_ms": "1795677000000",
    "date": "2026-11-26",
    "day": "2026-11-26",
    "event": "5",
    "hour": "9",
    "month": "2026-11",
    "name": "lena",
    "token": "lena's script",
}


def cookie(response: TestResponse, name: str = "ser-edge") -> Any:
    for header in response.headers.getlist("Set-Cookie"):
        parsed = SimpleCookie(header)
        if name in parsed:
            return parsed[name]
    return None


def send(client: FlaskClient, method: str, path: str, **options: Any) -> TestResponse:
    return client.open(path, method=method, **options)


class TestRoles:
    def test_every_view_says_who_may_use_it(self, house: House) -> None:
        for endpoint, view in house.app.view_functions.items():
            if endpoint == "static":
                continue
            role = needed_role(view)
            if endpoint in OPEN_ENDPOINTS:
                assert role == EVERYBODY, endpoint
            else:
                fitting = [key for key in ROLE_OF_ENDPOINT if endpoint.startswith(key)]
                wanted = ROLE_OF_ENDPOINT[max(fitting, key=len)] if fitting else "look"
                assert role == wanted, endpoint

    def test_whoever_has_not_logged_in_gets_nowhere(self, house: House) -> None:
        client = house.client()
        n_closed = 0
        for endpoint, method, path in routes(house):
            if endpoint in OPEN_ENDPOINTS:
                continue
            response = send(client, method, path)
            if path.startswith("/api/"):
                assert response.status_code == 401, (method, path)
                assert response.headers["WWW-Authenticate"].startswith("Bearer")
            else:
                assert response.status_code == 303, (method, path)
                assert response.location.startswith("/login?back=/"), (method, path)
            n_closed += 1
        assert n_closed > 20
        assert house.ears.commands == []

    @pytest.mark.parametrize("role", ROLES)
    def test_a_role_reaches_what_it_needs_and_no_more(self, house: House, role: str) -> None:
        client = house.log_in(NAME_OF[role])
        token = csrf_of(client, "/")
        n_refused = 0
        for endpoint, method, path in routes(house):
            needed = needed_role(house.app.view_functions[endpoint])
            if needed in {EVERYBODY, None} or (method != "GET" and reaches(role, str(needed))):
                continue
            if path.endswith("live"):  # endless
                continue
            with send(client, method, path, headers={CSRF_HEADER: token}) as response:
                assert (response.status_code == 403) != reaches(role, str(needed)), (method, path)
            n_refused += response.status_code == 403
        assert bool(n_refused) == (role != "administer")
        assert house.ears.commands == []

    def test_a_view_that_nobody_marked_is_closed(self, house: House) -> None:
        from edge.dashboard.app import create_app

        app = create_app(house.pieces.around, pieces=house.pieces)
        app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
        response = app.test_client().get("/forgotten")
        assert response.status_code == 500
        assert "secret" not in response.text

    def test_a_program_has_the_role_of_its_token(self, house: House) -> None:
        client = house.client()
        assert client.post("/api/v1/mute", headers=house.program("look")).status_code == 403
        assert client.post("/api/v1/mute", headers=house.program("acknowledge")).status_code == 200
        assert isinstance(house.ears.commands[-1], Mute)
        assert house.ears.commands[-1].who == "token: anna's script"

    @pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "bearer ser_x", "Basic YTpi"])
    def test_a_wrong_token_is_no_token_even_with_a_session(self, house: House, header: str) -> None:
        client = house.log_in("anna") if "asic" not in header else house.client()
        response = client.get("/api/v1/status", headers={"Authorization": header})
        assert response.status_code == 401

    def test_a_token_opens_no_page(self, house: House) -> None:
        response = house.client().get("/", headers=house.program("administer"))
        assert response.status_code == 303


class TestCsrf:
    @pytest.mark.parametrize("token", [None, "", "0" * 64, "ä"])
    def test_a_form_of_another_site_is_refused(self, house: House, token: str | None) -> None:
        client = house.log_in("anna")
        form = {} if token is None else {"csrf_token": token}
        assert client.post("/mute", data=form).status_code == 403
        assert client.post("/api/v1/mute").status_code == 403
        assert house.ears.commands == []

    def test_one_persons_word_is_no_good_for_another(self, house: House) -> None:
        anna, otto = house.log_in("anna"), house.log_in("otto")
        form = {"csrf_token": csrf_of(otto, "/")}
        assert anna.post("/mute", data=form).status_code == 403

    def test_the_own_form_is_taken(self, house: House) -> None:
        client = house.log_in("anna")
        word = csrf_of(client, "/")
        assert client.post("/mute", data={"csrf_token": word}).status_code == 303
        assert client.post("/api/v1/unmute", headers={CSRF_HEADER: word}).status_code == 200
        assert [type(command).__name__ for command in house.ears.commands] == ["Mute", "Unmute"]

    def test_the_log_in_form_has_one_too(self, house: House) -> None:
        client = house.client()
        response = client.post("/login", data={"name": "anna", "password": PASSWORD})
        assert response.status_code == 403


class TestLogIn:
    def test_the_cookies_flags(self, house: House) -> None:
        client = house.client()
        before = cookie(client.get("/login"))
        form = {"name": "anna", "password": PASSWORD, "csrf_token": csrf_of(client, "/login")}
        after = cookie(client.post("/login", data=form))
        for found in (before, after):
            assert found["httponly"]
            assert found["samesite"] == "Lax"
            assert found["path"] == "/"
            assert not found["domain"]
        assert before.value != after.value, "a session that was planted must not become the own one"

    def test_under_https_it_is_for_https_alone(self, house: House) -> None:
        client = house.client()
        base = "https://home.example"
        page = client.get("/login", base_url=base)
        found = cookie(page, "__Host-ser-edge")
        assert found["secure"]
        assert cookie(page) is None
        word = re.search(r'csrf_token" value="(\w+)', page.text)
        form = {"name": "anna", "password": PASSWORD, "csrf_token": word[1] if word else ""}
        entered = client.post("/login", data=form, base_url=base)
        assert entered.status_code == 303
        assert cookie(entered, "__Host-ser-edge")["secure"]
        assert client.get("/", base_url=base).status_code == 200
        assert client.get("/", base_url="http://home.example").status_code == 303

    def test_who_logs_out_is_out_also_with_the_old_cookie(self, house: House) -> None:
        client = house.log_in("anna")
        kept = client.get_cookie("ser-edge")
        assert kept
        client.post("/logout", data={"csrf_token": csrf_of(client, "/")})
        assert client.get("/").status_code == 303
        client.set_cookie("ser-edge", kept.value)
        assert client.get("/").status_code == 303
        assert client.get("/api/v1/status").status_code == 401

    def test_another_role_ends_the_session(self, house: House) -> None:
        house.pieces.people.add("eve", role="administer", password=PASSWORD)
        try:
            client = house.log_in("eve")
            assert client.get("/people").status_code == 200
            house.pieces.people.set_role("eve", "look")
            assert client.get("/people").status_code == 303
        finally:
            house.pieces.people.remove("eve")

    @pytest.mark.parametrize(
        ("name", "password"),
        [("anna", "wrong"), ("nobody", PASSWORD), ("", ""), ("anna' OR 1=1 --", "x" * 60_000)],
    )
    def test_a_wrong_word_says_not_which(self, house: House, name: str, password: str) -> None:
        client = house.client()
        form = {"name": name, "password": password, "csrf_token": csrf_of(client, "/login")}
        response = client.post("/login", data=form)
        assert response.status_code == 401
        assert "Name or password is wrong." in response.text
        assert client.get("/").status_code == 303

    def test_guessing_is_slowed_down(self, house: House) -> None:
        client = house.client()
        form = {"name": "anna", "csrf_token": csrf_of(client, "/login")}
        answers = [
            client.post("/login", data=form | {"password": f"guess {n}"}).status_code
            for n in range(N_FREE + 1)
        ]
        assert answers == [401] * N_FREE + [429]
        right = client.post("/login", data=form | {"password": PASSWORD})
        assert right.status_code == 429, "the right password, too, must wait"
        wait_s = int(right.headers["Retry-After"])
        assert 1 <= wait_s <= 2
        house.monotonic_s += wait_s
        assert client.post("/login", data=form | {"password": PASSWORD}).status_code == 303

    @pytest.mark.parametrize(
        ("back", "leads_to"),
        [
            ("/day/2026-11-26?x=1", "/day/2026-11-26?x=1"),
            ("//evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example/", "/"),
            ("/a\r\nSet-Cookie: x=y", "/"),
            ("javascript:alert(1)", "/"),
            ("", "/"),
        ],
    )
    def test_it_leads_back_to_our_own_pages_only(
        self, house: House, back: str, leads_to: str
    ) -> None:
        client = house.client()
        word = csrf_of(client, "/login")
        form = {"name": "anna", "password": PASSWORD, "csrf_token": word, "back": back}
        assert client.post("/login", data=form).location == leads_to
        assert client.get("/login", query_string={"back": back}).location == leads_to


class TestHeaders:
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/login",
            "/nothing/here",
            "/api/v1/status",
            "/api/v1/nothing",
            "/static/style.css",
            "/static/nothing.css",
        ],
    )
    @pytest.mark.parametrize("name", [None, "anna"])
    def test_every_answer_has_them(self, house: House, path: str, name: str | None) -> None:
        client = house.log_in(name) if name else house.client()
        with client.get(path) as response:
            pass
        assert HEADERS.items() <= dict(response.headers).items()
        assert response.headers["Cache-Control"] in {"no-store", "no-cache"}

    def test_no_page_has_anything_that_the_policy_would_block(self, house: House) -> None:
        assert "unsafe" not in HEADERS["Content-Security-Policy"]
        client = house.log_in("otto")
        for path in ("/", "/login", "/health", "/people", "/listen"):
            text = client.get(path).text
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text), path
            assert not re.search(r'(?:src|href|action)="(?:https?:)?//', text), path

    def test_static_files_are_kept_for_ever_under_their_own_address(self, house: House) -> None:
        client = house.client()
        (address,) = re.findall(r'href="(/static/style\.css\?v=\w+)"', client.get("/login").text)
        with client.get(address) as response:
            assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]
        assert "Set-Cookie" not in response.headers

    @pytest.mark.parametrize(
        "path",
        [
            "/static/../app.py",
            "/static/%2e%2e/app.py",
            "/static/..%2fapp.py",
            "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd",
            "/static//etc/passwd",
        ],
    )
    def test_no_path_leads_out_of_the_static_files(self, house: House, path: str) -> None:
        response = house.client().get(path)
        assert response.status_code in {308, 404}
        assert "import" not in response.text
        assert "root:" not in response.text

    def test_the_host_header_is_never_believed(self, house: House) -> None:
        client = house.client()
        response = client.get("/", headers={"Host": "evil.example"})
        assert response.location.startswith("/login")
        page = client.get("/login", headers={"Host": "evil.example"})
        assert "evil.example" not in page.text

    def test_people_who_cannot_be_read_are_a_sentence_too(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unreadable(_word: str) -> None:
            raise RecordError("the people of the page cannot be read")

        client = house.log_in("anna")
        monkeypatch.setattr(house.pieces.sessions, "person", unreadable)
        page, data = client.get("/"), client.get("/api/v1/status")
        assert (page.status_code, data.status_code) == (503, 503)
        assert "This page cannot be shown now." in page.text
        assert data.json == {"error": "the people of the page cannot be read"}
        assert HEADERS.items() <= dict(page.headers).items()

    def test_a_failure_is_a_sentence_and_its_traceback_goes_to_the_log(
        self, house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken() -> None:
            raise ZeroDivisionError("the secret of the house")

        client = house.log_in("anna")
        monkeypatch.setattr(house.pieces, "status", broken)
        with caplog.at_level(logging.ERROR):
            page, data = client.get("/"), client.get("/api/v1/status")
        for response in (page, data):
            assert response.status_code == 500
            assert "secret" not in response.text
            assert "Traceback" not in response.text
        assert list(data.json) == ["error"]
        assert "the secret of the house" in caplog.text
