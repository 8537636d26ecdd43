"""`ser-edge notify test`."""

from __future__ import annotations

import json

import pytest

from edge.cli.main import main
from tests.edge.notify.test_deliver import Home
from tests.fakes.broker import free_port

# What Apprise loads when it is asked for the first time.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


@pytest.fixture
def everything(home, broker, site):
    """A configuration with one channel of each kind."""
    push = home.secret("push", f"json://localhost:{site.port}/push")
    beat = home.secret("beat", site.url("/beat"))
    home.configure(
        home.mqtt(broker.port)
        + home.webhook("family", site.url("/hook"))
        + f"[[channel]]\nname = 'nurse'\nkind = 'apprise'\nurl_file = '{push}'\n"
        + f"[heartbeat]\nurl_file = '{beat}'\n"
    )
    return home


def notify(home, *words):
    return main(["notify", "test", "--config", str(home.config), *words])


def test_each_channel_is_tried_by_the_way_of_an_alarm(everything, listener, site, capsys):
    assert notify(everything) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "mqtt            confirmed",
        "family          confirmed",
        "nurse           confirmed",
        "heartbeat       confirmed",
    ]
    event = json.loads(listener.wait_for("ser-edge/living_room/event"))
    assert event["event_type"] == "test"
    assert [asked.path for asked in site.asked] == ["/hook", "/push", "/beat"]
    assert "This is a test" in site.asked[0].table["text"]


def test_the_room_itself_is_not_disturbed(everything, listener, capsys):
    notify(everything, "--channel", "mqtt")

    topics = {heard.topic for heard in listener.heard}
    assert topics <= {"ser-edge/living_room/event"}


def test_nobody_to_hear_it_is_worth_saying(everything, capsys):
    assert notify(everything, "--channel", "mqtt") == 0

    assert capsys.readouterr().out.endswith("confirmed: nobody has subscribed to it\n")


def test_one_that_does_not_confirm_is_told_with_the_reason(everything, site, capsys):
    site.answer = 500

    assert notify(everything, "--json") == 69

    answers = {answer["channel"]: answer for answer in json.loads(capsys.readouterr().out)}
    assert answers["mqtt"]["confirmed"]
    assert not answers["family"]["confirmed"]
    assert answers["family"]["text"] == "localhost answers 500 Internal Server Error"


def test_one_channel_alone(everything, site, capsys):
    assert notify(everything, "--channel", "family") == 0

    assert [asked.path for asked in site.asked] == ["/hook"]


def test_a_broker_that_is_not_there(home, capsys):
    home.configure(home.mqtt(free_port()))

    assert notify(home) == 69
    assert "NOT CONFIRMED: the broker localhost:" in capsys.readouterr().out


def test_a_channel_that_there_is_not(everything, capsys):
    assert notify(everything, "--channel", "famly") == 2
    assert "did you mean 'family'?" in capsys.readouterr().err


def test_no_channel_at_all(home, capsys):
    home.configure("")

    assert notify(home) == 78
    assert "no channel is configured; set mqtt.host" in capsys.readouterr().err


@pytest.mark.parametrize("library", ["paho", "apprise"])
def test_a_library_that_is_not_installed(everything, library, monkeypatch, capsys):
    from edge.notify import channels

    found = channels.importlib.util.find_spec
    monkeypatch.setattr(
        channels.importlib.util, "find_spec", lambda name: None if name == library else found(name)
    )

    assert notify(everything) == 69
    out = capsys.readouterr().out
    assert f"NOT CONFIRMED: the library {library} is missing; install" in out
    assert out.count("NOT CONFIRMED") == 1
