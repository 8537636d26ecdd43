from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from edge.errors import UsageError
from tests.fakes.dashboard import PASSWORD, House, csrf_of


@pytest.fixture
def otto(house: House) -> FlaskClient:
    return house.log_in("otto")


@pytest.fixture
def eve(house: House) -> Iterator[FlaskClient]:
    """Somebody who may only look, for this test."""
    house.pieces.people.add("eve", role="look", password=PASSWORD)
    yield house.log_in("eve")
    if "eve" in names(house):
        house.pieces.people.remove("eve")


def names(house: House) -> list[str]:
    return [person.name for person in house.pieces.people.all()]


def send(client: FlaskClient, path: str, **form: str) -> tuple[int, str]:
    """Send a form as the page does; return the status and the page that comes of it."""
    word = csrf_of(client, "/")
    back = path if path == "/account" else "/" + path.split("/")[1]
    response = client.post(path, data={"csrf_token": word, "back": back, **form})
    if response.status_code == 303:
        return 303, client.get(response.location).text
    return response.status_code, response.text


class TestHealth:
    def test_it_shows_how_the_device_is(self, house: House, otto: FlaskClient) -> None:
        house.show(n_lost=160, trouble=("the disk is nearly full",))
        text = otto.get("/health").text
        for part in (
            "USB Mic, 16000 Hz",
            "listening",
            "\N{MINUS SIGN}31\xa0dB",
            "160 samples",
            "3.0 ms",
            "the disk is nearly full",
            "family: 1 message waits, the oldest since 14:50",
            "ntfy answered 503",
            "room 1.1",
            "ann@desk",
            "with the program",
            "Go back to the model before",
        ):
            assert part in text, part

    def test_deaf_says_why(self, house: House, otto: FlaskClient) -> None:
        house.show(health="deaf", fault="the microphone is not there")
        assert "the microphone is not there" in otto.get("/health").text

    def test_the_models_card_is_there_with_its_figures(self, otto: FlaskClient) -> None:
        text = otto.get("/health").text
        assert re.search(r"<th scope=\"row\">ravdess</th>", text)
        assert "What is taken for what" in text
        assert re.search(r"<th scope=\"row\">fearful</th><td>\d+</td>", text)

    def test_what_cannot_be_looked_at_is_said(
        self, house: House, otto: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def damaged() -> None:
            raise UsageError("the store <is> damaged")

        for name in ("shelf", "current"):
            monkeypatch.setattr(house.models, name, damaged)
        text = otto.get("/health").text
        assert "the store &lt;is&gt; damaged" in text
        assert "USB Mic" in text

    def test_only_administrators_go_back_to_the_model_before(
        self, house: House, otto: FlaskClient
    ) -> None:
        anna = house.log_in("anna")
        assert "Go back" not in anna.get("/health").text
        assert send(anna, "/health/rollback")[0] == 403
        assert house.models.rolled_back == []
        status, text = send(otto, "/health/rollback")
        assert (status, house.models.rolled_back) == (303, ["room-0.9"])
        assert "The model before listens again within seconds." in text
        house.models.rolled_back.clear()

    def test_a_rollback_that_fails_says_why(
        self, house: House, otto: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def nothing() -> str:
            raise UsageError("there is nothing to go back to")

        monkeypatch.setattr(house.models, "roll_back", nothing)
        status, text = send(otto, "/health/rollback")
        assert (status, "there is nothing to go back to" in text) == (409, True)


class TestPeople:
    def test_somebody_new_can_log_in(self, house: House, otto: FlaskClient) -> None:
        status, text = send(
            otto, "/people/add", name=" maria ", role="acknowledge", password=PASSWORD
        )
        try:
            assert (status, "maria" in text) == (303, True)
            assert house.log_in("maria").get("/").status_code == 200
        finally:
            house.pieces.people.remove("maria")

    @pytest.mark.parametrize(
        ("form", "part"),
        [
            ({"name": "anna", "role": "look", "password": PASSWORD}, "already"),
            ({"name": "<b>", "role": "look", "password": PASSWORD}, "is no name"),
            ({"name": "maria", "role": "king", "password": PASSWORD}, "is no role"),
            ({"name": "maria", "role": "look", "password": "short"}, "5 characters"),
            ({}, "is no name"),
        ],
    )
    def test_who_cannot_be_let_in(
        self, house: House, otto: FlaskClient, form: dict[str, str], part: str
    ) -> None:
        before = names(house)
        status, text = send(otto, "/people/add", **form)
        assert (status, part in text) == (422, True)
        assert "<b>" not in text
        assert names(house) == before

    def test_another_role_counts_at_once(
        self, house: House, otto: FlaskClient, eve: FlaskClient
    ) -> None:
        assert eve.get("/people").status_code == 403
        send(otto, "/people/change", name="eve", do="role", role="administer")
        assert eve.get("/").status_code == 303, "the session has ended"
        assert house.log_in("eve").get("/people").status_code == 200

    def test_another_password_ends_the_session(
        self, house: House, otto: FlaskClient, eve: FlaskClient
    ) -> None:
        send(otto, "/people/change", name="eve", do="password", password="a different one")
        assert eve.get("/").status_code == 303
        assert house.pieces.people.check("eve", "a different one")

    def test_who_is_removed_is_out_at_once(
        self, house: House, otto: FlaskClient, eve: FlaskClient
    ) -> None:
        send(otto, "/people/change", name="eve", do="remove")
        assert eve.get("/").status_code == 303
        assert "eve" not in names(house)

    @pytest.mark.parametrize("what", ["remove", "role"])
    def test_nobody_shuts_themselves_out(self, house: House, otto: FlaskClient, what: str) -> None:
        status, text = send(otto, "/people/change", name="OTTO", do=what, role="look")
        assert (status, "to yourself" in text) == (409, True)
        assert house.pieces.people.find("otto").role == "administer"

    def test_an_unknown_person(self, otto: FlaskClient) -> None:
        status, text = send(otto, "/people/change", name="nobody", do="remove")
        assert (status, "no user" in text) == (422, True)

    def test_a_token_is_shown_once_and_works(self, house: House, otto: FlaskClient) -> None:
        status, text = send(otto, "/people/tokens/add", name="wall board", role="look")
        assert status == 200
        (token,) = re.findall(r"<code>(ser_[\w-]+)</code>", text)
        headers = {"Authorization": f"Bearer {token}"}
        assert house.client().get("/api/v1/status", headers=headers).status_code == 200
        assert token not in otto.get("/people").text
        send(otto, "/people/tokens/remove", name="wall board")
        assert house.client().get("/api/v1/status", headers=headers).status_code == 401

    def test_a_name_that_is_a_script_is_only_text(self, otto: FlaskClient) -> None:
        status, text = send(otto, "/people/tokens/add", name="<script>alert(1)</script>")
        assert (status, "<script>alert" in text) == (422, False)


class TestAccount:
    def test_everybody_changes_their_own_password(self, house: House, eve: FlaskClient) -> None:
        elsewhere = house.log_in("eve")
        status, text = send(eve, "/account", password=PASSWORD, new_password="a different one")
        assert (status, "It is changed." in text) == (303, True)
        assert elsewhere.get("/").status_code == 303
        assert house.pieces.people.check("eve", "a different one")

    @pytest.mark.parametrize(
        ("present", "new", "part"),
        [
            ("wrong", "a different one", "The present password is wrong."),
            (PASSWORD, "short", "too short"),
        ],
    )
    def test_what_is_not_taken(
        self, house: House, eve: FlaskClient, present: str, new: str, part: str
    ) -> None:
        status, text = send(eve, "/account", password=present, new_password=new)
        assert (status, part in text) == (422, True)
        assert house.pieces.people.check("eve", PASSWORD)

    def test_a_session_that_was_stolen_cannot_guess_for_long(self, eve: FlaskClient) -> None:
        answers = [
            send(eve, "/account", password=f"guess {n}", new_password="a different one")[0]
            for n in range(7)
        ]
        assert answers == [422] * 5 + [429] * 2
