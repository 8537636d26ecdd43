"""Who may speak to a broker, over which wire; and what is said where that fails."""

from __future__ import annotations

import logging
import socket
import subprocess
import time

import pytest

from edge.config.settings import MqttConfig
from edge.errors import DeliveryError
from edge.notify import connection, secretfile
from edge.notify.connection import Connection, Login
from tests.fakes.broker import free_port, running

SECRET = "corr ect-horse"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, authority):
    """A broker that wants TLS and a password, and one that wants a password alone."""
    folder = tmp_path_factory.mktemp("guarded")
    passwords = folder / "passwords"
    command = ("mosquitto_passwd", "-c", "-b", passwords, "room", SECRET)
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    passwords.chmod(0o644)
    plain = free_port()
    tls = (f"certfile {authority.certificate}", f"keyfile {authority.key}")
    lines = ("per_listener_settings false", f"password_file {passwords}", *tls)
    settings = (*lines, f"listener {plain} 127.0.0.1")
    with running(folder, *settings) as broker:
        broker.plain_port = plain
        broker._config.write_text(
            broker._config.read_text().replace("allow_anonymous true", "allow_anonymous false")
        )
        broker.kill()
        broker.start()
        yield broker


@pytest.fixture
def password_file(tmp_path):
    path = tmp_path / "password"
    path.write_text(SECRET + "\n")
    path.chmod(0o640)
    return path


def connect(**settings):
    config = MqttConfig(**{"host": "localhost"} | settings)
    made = Connection(Login(settings=config, client_id="test"))
    try:
        return made.tell("a", "b")
    finally:
        made.close()


def why(**settings):
    with pytest.raises(DeliveryError) as caught:
        connect(**settings)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_by_tls_with_a_password(guarded, authority, password_file):
    assert connect(
        port=guarded.port,
        tls=True,
        ca_file=str(authority.ca),
        username="room",
        password_file=str(password_file),
    ) == ("nobody has subscribed to it")


def test_a_wrong_password(guarded, password_file):
    password_file.write_text("wrong")

    said = why(port=guarded.plain_port, username="room", password_file=str(password_file))

    assert "refuses the login" in said
    assert "mqtt.username (room)" in said
    assert str(password_file) in said


def test_no_password_where_one_is_wanted(guarded):
    assert "set mqtt.username and mqtt.password_file" in why(port=guarded.plain_port)


def test_a_certificate_of_a_stranger(guarded, authority):
    said = why(port=guarded.port, tls=True, ca_file=str(authority.stranger))

    assert "its certificate is refused" in said
    assert str(authority.stranger) in said


def test_a_certificate_for_another_name(guarded, authority):
    said = why(host="127.0.0.1", port=guarded.port, tls=True, ca_file=str(authority.ca))

    assert "its certificate is refused" in said


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, "No such file or directory"), ("no certificate", "no certificate in PEM form")],
)
def test_a_file_of_certificates_that_is_none(tmp_path, content, expected):
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)

    said = why(port=1, tls=True, ca_file=str(path))

    assert str(path) in said
    assert expected in said


def test_tls_where_none_is_spoken(guarded):
    assert "does not speak TLS there" in why(port=guarded.plain_port, tls=True)


def test_no_tls_where_it_is_spoken(guarded):
    assert "does it want TLS?" in why(port=guarded.port)


def test_a_port_on_which_nobody_answers():
    assert "is the broker running?" in why(port=free_port())


def test_a_name_that_nobody_knows(monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert "no address is known for this name" in why(host="broker.invalid")


def test_something_that_is_no_broker(site, monkeypatch):
    monkeypatch.setattr(connection, "ANSWER_S", 0.5)

    said = why(port=site.port)

    assert "hangs up at once" in said or "does not answer like a broker" in said


def test_somebody_who_never_answers(monkeypatch):
    monkeypatch.setattr(connection, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        started_s = time.monotonic()
        assert "does not answer like a broker" in why(port=server.getsockname()[1])
        assert time.monotonic() - started_s < 10


def test_a_password_that_others_may_read_is_used_and_complained_of_once(
    guarded, password_file, caplog, monkeypatch
):
    monkeypatch.setattr(secretfile, "_SHOWN", set())
    caplog.set_level(logging.WARNING)
    password_file.chmod(0o644)
    for _ in range(2):
        connect(port=guarded.plain_port, username="room", password_file=str(password_file))

    assert len(caplog.messages) == 1
    assert f"sudo chmod o= {password_file}" in caplog.messages[0]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff", "no text"),
    ],
)
def test_a_password_file_that_holds_none(tmp_path, content, expected):
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)

    said = why(port=1, username="room", password_file=str(path))

    assert str(path) in said
    assert expected in said


def test_a_password_may_begin_with_a_hash(tmp_path):
    path = tmp_path / "password"
    path.write_text("#1 pass word \n")

    assert secretfile.password(path) == "#1 pass word "


def test_addresses_may_be_explained(tmp_path):
    path = tmp_path / "addresses"
    path.write_text("# the family\n\n  ntfy://one  \nntfy://two#tag\n")

    assert secretfile.addresses(path) == ["ntfy://one", "ntfy://two#tag"]
