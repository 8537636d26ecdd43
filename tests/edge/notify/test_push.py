"""Apprise, against a real web server in the place of what it knows."""

from __future__ import annotations

import io
import logging

import pytest

from edge.errors import DeliveryError
from edge.notify.push import Push, _without
from tests.edge.notify.letters import Clock
from tests.edge.record.samples import change, message
from tests.fakes.broker import free_port
from tests.fakes.web import serving

# What Apprise loads when it is asked for the first time.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SECRET = "0123token"


@pytest.fixture
def url_file(tmp_path):
    path = tmp_path / "urls"
    path.touch(0o600)
    return path


@pytest.fixture
def push(url_file):
    return Push("family", url_file=url_file, clock=Clock())


def why(push, told=None):
    with pytest.raises(DeliveryError) as caught:
        push.deliver(told or message(change()))
    assert SECRET not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("severity", "phase", "kind"),
    [
        ("notice", "raised", "info"),
        ("warning", "raised", "warning"),
        ("urgent", "raised", "failure"),
        ("urgent", "escalated", "failure"),
        ("urgent", "acknowledged", "success"),
        ("urgent", "ended", "success"),
    ],
)
def test_people_get_title_text_and_how_bad_it_is(push, url_file, site, severity, phase, kind):
    url_file.write_text(f"json://localhost:{site.port}/{SECRET}")

    push.deliver(message(change(phase, severity=severity)))

    (asked,) = site.asked
    assert asked.path == f"/{SECRET}"
    assert asked.table["title"] == "Anna's room: distress"
    assert "distress" in asked.table["message"].lower()
    assert asked.table["type"] == kind


def test_ntfy(push, url_file, site):
    url_file.write_text(f"ntfy://localhost:{site.port}/{SECRET}")

    push.deliver(message(change()))

    (asked,) = site.asked
    assert asked.table["topic"] == SECRET
    assert asked.table["message"].startswith("Distress since 23:10")


def test_a_service_that_does_not_want_it_has_not_confirmed_it(push, url_file, site):
    url_file.write_text(f"json://localhost:{site.port}/{SECRET}")
    site.answer = 503

    said = why(push)

    assert said.startswith("json: ")
    assert "503" in said


def test_a_service_that_is_not_there(push, url_file):
    url_file.write_text(f"json://user:{SECRET}@localhost:{free_port()}/{SECRET}")

    said = why(push)

    assert said.startswith("json: ")
    assert "localhost" not in said


def test_an_address_that_apprise_does_not_know(push, url_file):
    url_file.write_text(f"nonsense://{SECRET}")

    assert why(push) == f"{url_file} holds an address that Apprise does not know"


def test_one_address_that_fails_does_not_make_the_others_say_it_twice(push, url_file, site):
    told = message(change())
    with serving() as other:
        other.answer = 500
        url_file.write_text(
            f"json://localhost:{site.port}/\njson://localhost:{other.port}/{SECRET}"
        )
        for _ in range(3):
            assert why(push, told).startswith("address 2 of 2: json: ")
        other.answer = 200
        push.deliver(told)

        assert len(site.asked) == 1
        assert len(other.asked) == 4


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("tgram://99:0123token/chat", "cannot tell 99:0123token"),
        ("mailto://anna:0123token@example.org", "login of anna with 0123token failed"),
        ("json://host/a%2F0123token", "asked /a/0123token?"),
        ("ntfy://host/topic?token=0123token", "(token=0123token)"),
    ],
)
def test_no_part_of_an_address_is_left_in_what_a_library_says(url, text):
    assert SECRET not in _without(url, text)


def test_nothing_of_an_address_comes_into_our_log(push, url_file, site, capfd):
    url_file.write_text(f"json://localhost:{site.port}/{SECRET}\nnonsense://{SECRET}")
    site.answer = 404
    journal = io.StringIO()
    handler = logging.StreamHandler(journal)
    root = logging.getLogger()
    root.addHandler(handler)
    old_level = root.level
    root.setLevel(logging.DEBUG)
    try:
        why(push)
    finally:
        root.removeHandler(handler)
        root.setLevel(old_level)

    assert SECRET not in journal.getvalue()
    assert SECRET not in "".join(capfd.readouterr())


def test_an_address_that_apprise_does_not_know_is_seen_before_there_is_an_alarm(push, url_file):
    url_file.write_text("nonsense://")

    with pytest.raises(DeliveryError, match="does not know"):
        push.prepare()
