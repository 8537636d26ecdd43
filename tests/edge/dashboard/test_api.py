from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import NotFound
from werkzeug.test import TestResponse

from edge.app.models import bundled_sample
from edge.contract.labels import STATES
from edge.dashboard.api import asked
from edge.dashboard.api.description import FILE
from edge.dashboard.hearing import LONGEST_S
from edge.dashboard.roles import EVERYBODY, needed_role
from edge.record.rows import KINDS
from edge.service.protocol import Acknowledge, EndSnooze, Feedback, Snooze
from tests.fakes.dashboard import ANSWERED_ALARM, OPEN_ALARM, House, a_house
from tests.fakes.dashboard import STATES as HEARD
from tests.support import need

DESCRIPTION = json.loads(FILE.read_text(encoding="utf-8"))
METHODS = {"get", "post", "put", "delete", "patch"}


class Program:
    """A program with a token of a role."""

    def __init__(self, house: House, role: str) -> None:
        self._client: FlaskClient = house.client()
        self._headers = house.program(role)

    def get(self, path: str, **query: Any) -> Any:
        response = self.ask("GET", path, query_string=query)
        assert response.status_code == 200, response.text
        return response.json

    def post(self, path: str, **body: Any) -> Any:
        response = self.ask("POST", path, json=body) if body else self.ask("POST", path)
        assert response.status_code == 200, response.text
        return response.json

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        return self._client.open(f"/api/v1{path}", method=method, headers=self._headers, **options)

    def refused(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        """Return status and sentence of what must not be done."""
        response = self.ask(method, path, **options)
        assert response.mimetype == "application/json"
        assert list(response.json) == ["error"], response.text
        return response.status_code, response.json["error"]


@pytest.fixture
def program(house: House) -> Program:
    return Program(house, "administer")


def described() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and operation of all that the description has."""
    for path, methods in DESCRIPTION["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


class TestDescription:
    def test_it_is_valid(self) -> None:
        try:
            from openapi_spec_validator import validate
        except ImportError:
            need(condition=False, reason="openapi-spec-validator, which the trainer's side brings")
        validate(DESCRIPTION)

    def test_routes_and_description_are_equal_both_ways(self, house: House) -> None:
        routes = {
            (re.sub(r"<(\w+)>", r"{\1}", rule.rule).removeprefix("/api/v1"), method.lower())
            for rule in house.app.url_map.iter_rules()
            if rule.rule.startswith("/api/")
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        assert routes == {(path, method) for path, method, _ in described()}

    def test_roles_stand_in_it_as_they_are(self, house: House) -> None:
        adapter = house.app.url_map.bind("localhost")
        for path, method, operation in described():
            sample = path.format(alarm="a", day="2026-11-26", month="2026-11")
            endpoint, _ = adapter.match(f"/api/v1{sample}", method=method.upper())
            role = needed_role(house.app.view_functions[endpoint])
            if role == EVERYBODY:
                assert operation["security"] == []
            else:
                assert f"Needs the role `{role}`." in operation["description"], path
                assert "security" not in operation
                assert ("403" in operation["responses"]) == (role != "look"), path

    def test_every_object_is_strict(self) -> None:
        def objects(schema: Any) -> Iterator[dict[str, Any]]:
            if isinstance(schema, dict):
                if schema.get("type") == "object":
                    yield schema
                for value in schema.values():
                    yield from objects(value)
            elif isinstance(schema, list):
                for value in schema:
                    yield from objects(value)

        found = list(objects(DESCRIPTION["components"]["schemas"]))
        assert len(found) > 15
        assert all("additionalProperties" in schema for schema in found)
        assert DESCRIPTION["components"]["schemas"]["State"]["enum"] == list(STATES)

    def test_everybody_may_read_it(self, house: House) -> None:
        assert house.client().get("/api/v1/openapi.json").json == DESCRIPTION


class TestNow:
    def test_status(self, program: Program) -> None:
        answer = program.get("/status")
        assert answer["listening"] is True
        assert answer["status"]["state"] == "angry"
        assert [alarm["id"] for alarm in answer["status"]["alarms"]] == [OPEN_ALARM]

    def test_acknowledge_all_with_a_note(self, house: House, program: Program) -> None:
        answer = program.post("/acknowledge", note="I am with her")
        assert answer == {"alarms": [OPEN_ALARM], "warning": ""}
        (command,) = house.ears.commands
        assert command == Acknowledge(who="token: otto's script", note="I am with her")
        assert program.get("/status")["status"]["alarms"] == []

    def test_acknowledge_one_without_a_body(self, house: House, program: Program) -> None:
        assert program.post(f"/alarms/{OPEN_ALARM}/acknowledge")["alarms"] == [OPEN_ALARM]
        (command,) = house.ears.commands
        assert command == Acknowledge(who="token: otto's script", alarm=OPEN_ALARM)

    def test_snooze_and_its_end(self, house: House, program: Program) -> None:
        assert program.post("/snooze", for_s=900)["until"]
        assert program.get("/status")["status"]["snoozed_until"]
        assert program.ask("DELETE", "/snooze").json == {"warning": ""}
        assert house.ears.commands == [
            Snooze(for_s=900, who="token: otto's script"),
            EndSnooze(who="token: otto's script"),
        ]

    def test_mute_is_seen_at_once(self, program: Program) -> None:
        program.post("/mute")
        assert program.get("/status")["status"]["health"] == "muted"
        program.post("/unmute")
        assert program.get("/status")["status"]["health"] == "listening"

    def test_feedback(self, house: House, program: Program) -> None:
        program.post(
            "/feedback",
            heard_at="2026-11-26T08:12:00Z",
            verdict="wrong",
            truth="happy",
            alarm=ANSWERED_ALARM,
            note="the radio",
        )
        (command,) = house.ears.commands
        assert command == Feedback(
            who="token: otto's script",
            heard_at="2026-11-26T09:12:00+01:00",
            verdict="wrong",
            truth="happy",
            alarm=ANSWERED_ALARM,
            note="the radio",
        )

    def test_what_the_ears_refuse_is_told_in_their_words(
        self, house: House, program: Program
    ) -> None:
        house.ears.refusal = "there is no alarm 'x'"
        assert program.refused("POST", "/alarms/x/acknowledge") == (409, "there is no alarm 'x'")

    @pytest.mark.parametrize(
        ("path", "body", "status", "part"),
        [
            ("/snooze", b'{"for_s": 0}', 422, "for_s"),
            ("/snooze", b'{"for_s": NaN}', 422, "for_s"),
            ("/snooze", b'{"for_s": "60"}', 422, "for_s"),
            ("/snooze", b'{"for_s": true}', 422, "for_s"),
            ("/snooze", b'{"for_s": 60, "x": 1}', 422, "unknown key"),
            ("/snooze", b"{}", 422, "missing"),
            ("/snooze", b"[]", 422, "expected a table"),
            ("/snooze", b"{", 400, "no JSON"),
            ("/snooze", b"[" * 50_000, 400, "no JSON"),
            ("/snooze", b'"\xff"', 400, "no JSON"),
            ("/acknowledge", b'{"note": "\\ud800"}', 422, "no character"),
            ("/acknowledge", b'{"note": "' + b"x" * 1001 + b'"}', 422, "1001 characters"),
            ("/feedback", b'{"heard_at": "now", "verdict": "wrong"}', 422, "is no time"),
            (
                "/feedback",
                b'{"heard_at": "2026-11-26T08:00:00Z", "verdict": "perhaps"}',
                422,
                "verdict",
            ),
        ],
    )
    def test_a_wrong_body_is_a_sentence(
        self, house: House, program: Program, path: str, body: bytes, status: int, part: str
    ) -> None:
        found, sentence = program.refused("POST", path, data=body, content_type="application/json")
        assert found == status
        assert part in sentence
        assert house.ears.commands == []

    def test_a_form_is_no_json(self, program: Program) -> None:
        status, sentence = program.refused("POST", "/snooze", data={"for_s": "60"})
        assert (status, "application/json" in sentence) == (415, True)


class TestPast:
    def test_the_newest_events(self, program: Program) -> None:
        events = program.get("/events", limit=3)["events"]
        assert [event["state"] for event in events] == [state for _, state in HEARD[-3:]]

    def test_going_on_after_an_event(self, program: Program) -> None:
        seen: list[str] = []
        after = 0
        while events := program.get("/events", after=after, limit=5)["events"]:
            seen += [event["state"] for event in events]
            after = events[-1]["id"]
        assert seen == [state for _, state in HEARD]

    def test_events_of_a_time_and_a_state(self, program: Program) -> None:
        events = program.get(
            "/events", since="2026-11-26T08:00:01+01:00", until="2026-11-26T08:40:00Z", state="calm"
        )["events"]
        assert [event["time"] for event in events] == ["2026-11-26T08:10:00.000+01:00"]

    def test_alarms_are_told_with_all_that_became_of_them(self, program: Program) -> None:
        alarms = program.get("/alarms")["alarms"]
        assert [(alarm["id"], alarm["open"]) for alarm in alarms] == [
            (OPEN_ALARM, True),
            (ANSWERED_ALARM, False),
        ]
        answered = program.get(f"/alarms/{ANSWERED_ALARM}")
        assert [change["phase"] for change in answered["changes"]] == ["raised", "acknowledged"]
        assert answered["changes"][1]["who"] == "page: anna"
        assert answered["changes"][1]["note"] == "she had a bad dream"
        (delivery,) = program.get(f"/alarms/{OPEN_ALARM}")["deliveries"]
        assert delivery["channel"] == "family"
        assert delivery["confirmed"] is None
        assert delivery["failure"] == "ntfy answered 503"

    def test_alarms_of_a_time(self, program: Program) -> None:
        found = program.get("/alarms", since="2026-11-26T12:00:00Z", until="2026-11-27T00:00:00Z")
        assert [alarm["id"] for alarm in found["alarms"]] == [OPEN_ALARM]
        assert len(program.get("/alarms", limit=1)["alarms"]) == 1

    def test_an_unknown_alarm(self, program: Program) -> None:
        assert program.refused("GET", "/alarms/none") == (404, "the log knows no alarm 'none'")

    def test_a_day(self, program: Program) -> None:
        day = program.get("/days/2026-11-26")
        assert day["begin"] == "2026-11-26T00:00:00.000+01:00"
        assert [stretch["state"] for stretch in day["stretches"]] == [state for _, state in HEARD]
        assert day["states_s"]["happy"] == 30 * 60
        assert [alarm["id"] for alarm in day["alarms"]] == [ANSWERED_ALARM, OPEN_ALARM]
        assert not day["thinned"]
        few = program.get("/days/2026-11-26", limit=3)
        assert few["thinned"]
        assert len(few["stretches"]) <= 3
        assert few["states_s"] == day["states_s"]

    def test_a_month(self, program: Program) -> None:
        (day,) = program.get("/calendar/2026-11")["days"]
        assert (day["day"], day["alarms"], day["troubles"]) == ("2026-11-26", 2, 0)
        assert day["states_s"]["fearful"] == 8 * 60
        assert program.get("/calendar/2026-12")["days"] == []

    @pytest.mark.parametrize("path", ["/days/2026-02-30", "/days/x", "/calendar/2026-13"])
    def test_a_day_that_is_in_no_calendar(self, program: Program, path: str) -> None:
        status, sentence = program.refused("GET", path)
        assert (status, sentence[:15]) == (404, "there is no day")

    @pytest.mark.parametrize("kind", [kind.TABLE for kind in KINDS])
    def test_export(self, program: Program, kind: str) -> None:
        response = program.ask("GET", "/export.csv", query_string={"kind": kind})
        assert response.status_code == 200
        assert response.mimetype == "text/csv"
        assert response.headers["Content-Disposition"] == f"attachment; filename={kind}.csv"
        rows = list(csv.DictReader(io.StringIO(response.text)))
        assert rows
        assert all(None not in row and None not in row.values() for row in rows)

    def test_export_of_a_time_without_anything_is_a_header(self, program: Program) -> None:
        response = program.ask("GET", "/export.csv", query_string={"since": "2030-01-01T00:00:00Z"})
        assert response.text.startswith("id,session,")
        assert response.text.count("\r\n") == 1

    @pytest.mark.parametrize(
        ("path", "part"),
        [
            ("/events?limit=0", "from 1 to 1000"),
            ("/events?limit=1001", "from 1 to 1000"),
            ("/events?limit=1&limit=2", "2 times"),
            ("/events?since=yesterday", "is no time"),
            ("/events?since=2026-11-26T08:00:00", "is no time"),
            ("/events?since=2026-02-30T08:00:00Z", "day is out of range"),
            ("/events?state=hapy", "did you mean"),
            ("/events?x=1", "no parameter 'x'"),
            ("/export.csv?kind=sessions", "kind"),
            ("/status?x=1", "no parameter 'x'"),
        ],
    )
    def test_a_wrong_parameter_is_a_sentence(self, program: Program, path: str, part: str) -> None:
        status, sentence = program.refused("GET", path)
        assert status == 422
        assert part in sentence

    @given(st.datetimes(timezones=st.timezones()))
    def test_every_time_can_be_said(self, time: datetime) -> None:
        text = time.isoformat()
        if re.fullmatch(r".*[+-]\d\d:\d\d", text):
            found = asked.a_time(text)
            if 2 < time.year < 9998:
                assert found.timestamp() == datetime.fromisoformat(text).timestamp()

    @given(st.dates())
    def test_a_day_is_a_day_or_not_there(self, day: date) -> None:
        if 1970 <= day.year < 9000:
            assert asked.a_day(day.isoformat()) == day
        else:
            with pytest.raises(NotFound):
                asked.a_day(day.isoformat())


class TestDevice:
    def test_health(self, program: Program) -> None:
        health = program.get("/health")
        assert health["status"]["health"] == "listening"
        assert 0 < health["free_mb"] <= health["total_mb"]
        assert health["troubles"] == []
        (waiting,) = health["delivery"]
        assert (waiting["channel"], waiting["n_waiting"]) == ("family", 1)
        assert waiting["failure"] == "ntfy answered 503"

    def test_models(self, program: Program) -> None:
        models = program.get("/models")["models"]
        assert [(m["id"], m["is_current"], m["is_previous"]) for m in models] == [
            ("room-1.1", True, False),
            ("room-0.9", False, True),
            ("bundled", False, False),
        ]

    def test_the_current_model_and_its_card(self, program: Program) -> None:
        model = program.get("/models/current")
        assert model["name"] == "room"
        assert 0.5 < model["figures"]["ravdess.test.uar"] < 1
        assert model["card"].startswith("# room")

    def test_rollback_is_for_administrators(self, house: House, program: Program) -> None:
        anna = Program(house, "acknowledge")
        status, sentence = anna.refused("POST", "/models/rollback")
        assert (status, sentence) == (
            403,
            "this needs the role 'administer', and anna's script has 'acknowledge'",
        )
        assert house.models.rolled_back == []
        assert "room-0.9 is current" in program.post("/models/rollback")["done"]
        house.models.rolled_back.clear()


class TestRecordings:
    def test_a_wav_that_is_silent(self, program: Program) -> None:
        answer = self._send(program, wav(seconds=4.0))
        assert answer["duration_s"] == 4.0
        assert answer["label"] is None
        assert answer["speech_s"] == 0

    def test_a_voice(self, program: Program) -> None:
        answer = self._send(program, bundled_sample().read_bytes(), "audio/flac")
        assert answer["label"] in STATES
        assert sum(answer["probabilities"].values()) == pytest.approx(1.0, abs=0.01)

    @pytest.mark.parametrize(
        ("content", "kind", "status", "part"),
        [
            (b"", "audio/wav", 422, "empty"),
            (b"RIFF....WAVE", "audio/wav", 422, "no recording"),
            (b"\0" * 5000, "audio/flac", 422, "no recording"),
            (b"hello", "text/plain", 415, "audio/wav"),
        ],
    )
    def test_what_is_no_recording(
        self, program: Program, content: bytes, kind: str, status: int, part: str
    ) -> None:
        found = program.refused("POST", "/analyze", data=content, content_type=kind)
        assert found[0] == status
        assert part in found[1]

    @pytest.mark.parametrize("rate_hz", [1000, 400_000])
    def test_a_rate_that_no_recorder_has(self, program: Program, rate_hz: int) -> None:
        strange = wav(seconds=0.5, rate_hz=rate_hz)
        status, sentence = program.refused(
            "POST", "/analyze", data=strange, content_type="audio/wav"
        )
        assert (status, f"has {rate_hz} samples a second" in sentence) == (422, True)

    def test_a_recording_that_is_too_long(self, program: Program) -> None:
        long = wav(seconds=LONGEST_S + 1, rate_hz=8000)
        status, sentence = program.refused("POST", "/analyze", data=long, content_type="audio/wav")
        assert (status, "at most 600 s" in sentence) == (413, True)

    @staticmethod
    def _send(program: Program, content: bytes, kind: str = "audio/wav") -> Any:
        response = program.ask("POST", "/analyze", data=content, content_type=kind)
        assert response.status_code == 200, response.text
        return response.json


def wav(*, seconds: float, rate_hz: int = 16_000) -> bytes:
    """A WAV file of silence."""
    import wave

    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(bytes(2 * round(seconds * rate_hz)))
    return file.getvalue()


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/events/1", "/days", "/../v1/status"])
def test_an_unknown_route_is_json(program: Program, path: str) -> None:
    assert program.refused("GET", path)[0] == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "DELETE"])
def test_another_method_is_json(program: Program, method: str) -> None:
    response = program.ask(method, "/events")
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD"}
    assert response.json == {"error": "this is not done this way here"}


@pytest.fixture(scope="module")
def deaf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with a_house(tmp_path_factory.mktemp("deaf")) as house:
        house.ears.__exit__(None, None, None)
        yield house


class TestWithoutEars:
    """The page is another process: it says so where nobody listens, and shows the log."""

    def test_the_status_says_so(self, deaf: House) -> None:
        assert Program(deaf, "look").get("/status") == {"listening": False, "status": None}

    def test_the_log_is_still_there(self, deaf: House) -> None:
        program = Program(deaf, "look")
        assert len(program.get("/events")["events"]) == len(HEARD)
        assert program.get("/days/2026-11-26")["stretches"]
        assert program.get("/health")["status"] is None

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/acknowledge", None),
            ("POST", "/snooze", {"for_s": 60}),
            ("DELETE", "/snooze", None),
            ("POST", "/mute", None),
            ("POST", "/unmute", None),
            ("POST", "/feedback", {"heard_at": "2026-11-26T08:00:00Z", "verdict": "right"}),
        ],
    )
    def test_a_command_says_so(self, deaf: House, method: str, path: str, body: Any) -> None:
        options = {} if body is None else {"json": body}
        status, sentence = Program(deaf, "administer").refused(method, path, **options)
        assert status == 503
        assert "no ser-edge listens" in sentence

    def test_no_log_yet(self, deaf: House) -> None:
        log = deaf.pieces.around.log
        aside = log.with_name("aside.db")
        log.rename(aside)
        try:
            program = Program(deaf, "look")
            for path in ("/events", "/alarms", "/days/2026-11-26", "/calendar/2026-11"):
                status, sentence = program.refused("GET", path)
                assert (status, "there is no log" in sentence) == (404, True)
            assert program.get("/health")["delivery"] == []
        finally:
            aside.rename(log)
