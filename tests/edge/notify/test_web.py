"""Webhook and heartbeat, against a real web server."""

from __future__ import annotations

import json
import logging
import ssl

import pytest

from edge.errors import DeliveryError
from edge.notify import web
from edge.notify.heartbeat import Heartbeat
from edge.notify.web import ask
from edge.notify.webhook import Webhook
from edge.service.status import STALE_S
from tests.edge.notify.letters import Clock
from tests.edge.record.samples import change, message
from tests.fakes.broker import free_port
from tests.fakes.service import status
from tests.fakes.web import serving

SECRET = "/hook/0123-token?key=4567"


@pytest.fixture
def url_file(tmp_path, site):
    path = tmp_path / "url"
    path.write_text(site.url(SECRET))
    path.chmod(0o600)
    return path


@pytest.fixture
def hook(url_file):
    return Webhook("family", url_file=url_file, clock=Clock())


def why(call):
    with pytest.raises(DeliveryError) as caught:
        call()
    said = str(caught.value)
    assert not any(part in said for part in ("0123", "4567", "hook"))
    return said


def test_a_message_is_posted_with_its_number(hook, site):
    told = message(change())

    assert hook.deliver(told) == ""

    (asked,) = site.asked
    assert (asked.method, asked.path) == ("POST", SECRET)
    assert asked.headers["Idempotency-Key"] == told.message
    assert asked.headers["Content-Type"].startswith("application/json")
    assert asked.table["rule"] == "distress"
    assert asked.table["text"].startswith("Distress since 23:10")


@pytest.mark.parametrize("answer", [200, 201, 202, 204])
def test_every_answer_of_2xx_confirms(hook, site, answer):
    site.answer = answer

    hook.deliver(message(change()))


@pytest.mark.parametrize("answer", [400, 403, 404, 409, 429, 500, 503])
def test_no_other_answer_confirms(hook, site, answer):
    site.answer = answer

    assert f"localhost answers {answer}" in why(lambda: hook.deliver(message(change())))


@pytest.mark.parametrize("answer", [301, 302, 303, 307, 308])
def test_an_alarm_goes_to_no_other_host_than_the_one_that_was_named(hook, site, answer):
    with serving() as other:
        site.answer, site.location = answer, other.url("/elsewhere", host="127.0.0.1")

        said = why(lambda: hook.deliver(message(change())))

        assert other.asked == []
    assert f"answers {answer}" in said
    assert "http://127.0.0.1" in said


def test_a_server_that_hangs_is_given_up(hook, site, monkeypatch):
    monkeypatch.setattr(web, "TIMEOUT_S", 0.2)
    site.delay_s = 1.0

    assert "did not answer within 0.2 s" in why(lambda: hook.deliver(message(change())))


def test_a_name_and_a_password_in_the_address_are_sent_as_such(site):
    ask(site.url(host="anna:p%40ss@localhost"))

    (asked,) = site.asked
    assert asked.headers["Authorization"] == "Basic YW5uYTpwQHNz"
    assert "anna" not in asked.headers["Host"]


def test_https_with_a_certificate_that_is_trusted_and_one_that_is_not(authority, monkeypatch):
    with serving(certificate=authority.certificate, key=authority.key) as safe:
        assert "its certificate is refused" in why(lambda: ask(safe.url(SECRET)))
        assert safe.asked == []

        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
        assert ssl.get_default_verify_paths().cafile == str(authority.ca)
        ask(safe.url(SECRET))
        assert len(safe.asked) == 1


@pytest.mark.parametrize(
    "address",
    ["file:///etc/hook", "ftp://hook/0123", "hook.example/0123", "http://", "http://[hook", "0123"],
)
def test_what_is_no_web_address_is_not_asked(address):
    assert "it must begin with https://" in why(lambda: ask(address))


def test_a_port_on_which_nobody_answers():
    said = why(lambda: ask(f"http://localhost:{free_port()}{SECRET}"))

    assert said == "localhost cannot be reached: Connection refused"


def test_an_address_with_a_space_is_a_sentence_too():
    assert "cannot be reached" in why(lambda: ask("http://localhost/a b\n0123"))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def beat(url_file, clock):
    return Heartbeat(url_file=url_file, every_s=300.0, monotonic_s=clock)


def minutes(beat, clock, status, n):
    for _ in range(60 * n):
        beat.heard(status)
        beat.turn()
        clock.go_on(1.0)


@pytest.mark.parametrize(
    ("health", "n_beats"),
    [("listening", 3), ("muted", 3), ("deaf", 0), ("starting", 0), ("stopped", 0)],
)
def test_the_heart_beats_while_somebody_listens(beat, site, clock, health, n_beats):
    minutes(beat, clock, status(health=health), 11)

    assert [asked.method for asked in site.asked] == ["GET"] * n_beats


def test_the_heart_stands_still_where_there_are_no_ears(beat, site, clock):
    minutes(beat, clock, None, 11)

    assert site.asked == []


def test_the_heart_stands_still_where_nobody_says_how_the_ears_are(beat, site, clock):
    beat.heard(status())
    clock.go_on(STALE_S + 1)
    beat.turn()

    assert site.asked == []


def test_ears_that_hear_again_are_told_at_once(beat, site, clock):
    minutes(beat, clock, status(), 1)
    minutes(beat, clock, status(health="deaf"), 10)
    assert len(site.asked) == 1

    beat.heard(status())
    beat.turn()
    assert len(site.asked) == 2


def test_a_beat_that_failed_is_made_up_for_and_complained_of_once(beat, site, clock, caplog):
    caplog.set_level(logging.WARNING)
    site.answer = 500
    minutes(beat, clock, status(), 1)
    assert 3 < len(site.asked) < 10
    site.answer = 200
    minutes(beat, clock, status(), 2)

    assert caplog.messages == [
        "heartbeat: localhost answers 500 Internal Server Error",
        "heartbeat: works again",
    ]


def test_a_mended_address_needs_no_restart(beat, site, clock, url_file):
    url_file.write_text("nonsense")
    minutes(beat, clock, status(), 1)
    url_file.write_text(site.url(SECRET))
    minutes(beat, clock, status(), 2)

    assert len(site.asked) == 1


def test_the_table_is_json_of_any_language(hook, site):
    hook.deliver(message(change(reason="“Ärger” für 12 s")))

    assert json.loads(site.asked[0].body)["reason"] == "“Ärger” für 12 s"
