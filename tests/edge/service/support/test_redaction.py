from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.service.support import redaction
from edge.service.support.redaction import GONE, Redactor, people, secrets_in

PLAIN = Redactor(words={})
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIJUSTATESTKEYTHATNOBODYUSES"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("mqtt_password = hunter2", "hunter2"),
        ('"api_key": "hunter2"', "hunter2"),
        ("the password is hunter2.", "hunter2"),
        ("--token=hunter2 --verbose", "hunter2"),
        ("TELEGRAM_TOKEN='hunter 2'", "hunter 2"),
        ("wpa_psk: hunter2", "hunter2"),
        ("Authorization: Bearer hunter2hunter2", "hunter2hunter2"),
        ("connecting to mqtt://ann:hunter2@broker:1883/room", "hunter2"),
        ("POST https://ntfy.example/hunter2 failed", "hunter2"),
        ("curl -u x https://h?key=hunter2", "hunter2"),
        ("mail to ann.lee@example.org", "ann.lee"),
        ("signed by ann@desk", "ann@desk"),
        (f"ssh-ed25519 {KEY} ann", KEY),
        (f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY}\n-----END OPENSSH PRIVATE KEY-----", KEY),
        (f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY}\n(the rest is missing)", KEY),
        ("bot 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw9", "AAHdqTcvCH1vGWJx"),
        ("using tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2", "AgQdq7mVBoFD37zQVN29RhuMzNIz2"),
        ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F292c6912E7710c838347Ae178B4a"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3", "dozjgNryP4J3"),
        ("from 192.168.1.23 port 22", "192.168.1.23"),
        ("fe80::1ff:fe23:4567:890a", "4567"),
        ("2001:db8:1:2:3:4:5:6", "db8"),
        ("wlan0: b8:27:eb:12:34:56", "12:34:56"),
        ("/home/marianne/.config", "marianne"),
        ("usb 1-1.2: SerialNumber: 0001A2B3C4", "0001A2B3C4"),
        ("Serial\t\t: 10000000abcdef01", "10000000abcdef01"),
    ],
)  # fmt: skip
def test_what_must_not_be_told(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in PLAIN.text(text)


@pytest.mark.parametrize(
    "text",
    [
        "listening to USB PnP Sound Device: Audio (hw:1,0), 48000 Hz",
        "lgpio==0.2.2.0",
        "model room 1, sha256 6ba36faf4b6f96780a07b9281f4579746d711fb12937dd1e90379c49c52cc021",
        "2026-11-26T13:43:05.445+01:00 the log is full",
        "[    1.3] pci 0000:01:00.0: enabling device",
        "plughw:CARD=Device,DEV=0",
        "edge.service.runner::Runner: no tokens here",
        "boot 596fccc9-1e26-43cd-8a71-b7ec59ab3108",
    ],
)
def test_what_helps_is_left(text: str) -> None:
    assert PLAIN.text(text) == text


def test_known_secrets_go_wherever_they_stand() -> None:
    redactor = Redactor(words={}, secrets=["hunter2", "hunter2-long"])
    assert redactor.text("xhunter2-longx and hunter2") == f"x{GONE}x and {GONE}"


def test_names_go_where_they_are_whole_words() -> None:
    redactor = Redactor(words={"anna": "[user]", "anna-pi": "[host]"})
    assert redactor.text("anna at anna-pi, savannah") == "[user] at [host], savannah"


def test_a_table_is_redacted_by_its_keys_and_its_texts() -> None:
    table = {
        "mqtt.password": {"value": "hunter2"},
        "audio.device": "plughw:CARD=Device",
        "notify": ["https://ntfy.example/hunter2", 3, None, True],
        "token": None,
        "n": 0.5,
    }
    assert PLAIN.table(table) == {
        "mqtt.password": GONE,
        "audio.device": "plughw:CARD=Device",
        "notify": [f"https://{GONE}", 3, None, True],
        "token": None,
        "n": 0.5,
    }


def test_secrets_are_found_in_a_configuration() -> None:
    table = {
        "notify": {"topic": "our-room", "urls": ["https://a.b/c"], "device": "USB"},
        "rooms": [{"token": "abcdef", "pin": 17}],
        "password": "x",  # so short that it would be taken out of everything
    }
    assert list(secrets_in(table)) == ["our-room", "https://a.b/c", "abcdef"]


def test_common_names_are_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction.platform, "node", lambda: "raspberrypi")
    assert "raspberrypi" not in people()
    monkeypatch.setattr(redaction.platform, "node", lambda: "mariannes-bedroom")
    assert people()["mariannes-bedroom"] == "[host]"


@given(
    secret=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=4, max_size=20),
    before=st.text(max_size=20),
)
def test_a_known_secret_never_survives_in_json(secret: str, before: str) -> None:
    redactor = Redactor(words={}, secrets=[secret])
    table = redactor.table({"found": f"{before}{secret}", "list": [secret]})
    if secret not in GONE:
        assert secret not in table["found"].replace(GONE, "\0")
    assert json.loads(json.dumps(table)) == table
