from __future__ import annotations

import http.client
import json
import logging
import os
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from edge.app.models import bundled_sample
from edge.dashboard.server import Address, Server, running
from edge.dashboard.uploads import RECORDING_BYTES
from edge.errors import ConfigError
from tests.fakes.dashboard import House, a_house, csrf_of

LIMIT_S = 30.0


def ask(
    address: str, method: str, path: str, *, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LIMIT_S)
    with closing(connection):
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, dict(response.headers), response.read()


def test_it_answers_and_says_little_of_itself(address: str) -> None:
    status, headers, body = ask(address, "GET", "/login")
    assert status == 200
    assert headers["Server"] == "ser-edge"
    assert "Werkzeug" not in str(headers)
    assert b"csrf_token" in body


def test_a_stream_of_events_comes_through(house: House, address: str) -> None:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LIMIT_S)
    with closing(connection):
        connection.request("GET", "/api/v1/live", headers=house.program("look"))
        response = connection.getresponse()
        assert response.headers["Content-Type"].startswith("text/event-stream")
        assert response.headers["Cache-Control"] == "no-store"
        assert status_in(response)["state"] == "angry"
        house.ears.show(state="happy")
        assert status_in(response)["state"] == "happy"


def status_in(response: http.client.HTTPResponse) -> Any:
    """Return the next status that differs from the one before only by chance."""
    while line := response.readline():
        if line.startswith(b"data: "):
            return json.loads(line[6:])
    raise AssertionError("the stream has ended")


def test_who_asks_for_the_head_of_a_stream_takes_no_place(house: House, address: str) -> None:
    from edge.dashboard.live import N_STREAMS

    for _ in range(N_STREAMS + 1):
        status, _, body = ask(address, "HEAD", "/api/v1/live", headers=house.program("look"))
        assert (status, body) == (200, b"")


def test_too_many_streams_are_refused_and_places_come_back(tmp_path: Path) -> None:
    with a_house(tmp_path, n_streams=1, heartbeat_s=0.05) as house, house.served() as address:
        parts = urlsplit(address)
        first = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LIMIT_S)
        first.request("GET", "/api/v1/live", headers=house.program("look"))
        first.getresponse().readline()
        status, headers, body = ask(address, "GET", "/api/v1/live", headers=house.program("look"))
        assert (status, headers["Retry-After"]) == (503, "5")
        assert "too many" in json.loads(body)["error"]
        _reset(first)
        deadline_s = time.monotonic() + LIMIT_S
        while True:
            assert time.monotonic() < deadline_s, "the place of a reader that has gone is lost"
            again = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LIMIT_S)
            again.request("GET", "/api/v1/live", headers=house.program("look"))
            response = again.getresponse()
            if response.status == 200:
                break
            again.close()
            time.sleep(0.05)
        again.close()


def _reset(connection: http.client.HTTPConnection) -> None:
    """Go as a phone goes whose battery has ended: the next packet to it is refused."""
    linger = struct.pack("ii", 1, 0)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.sock.close()
    connection.close()


def test_a_stream_ends_when_its_session_does(tmp_path: Path) -> None:
    with a_house(tmp_path, heartbeat_s=0.05) as house, house.served() as address:
        client = house.log_in("anna")
        cookie = client.get_cookie("ser-edge")
        assert cookie
        parts = urlsplit(address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LIMIT_S)
        with closing(connection):
            connection.request("GET", "/live", headers={"Cookie": f"ser-edge={cookie.value}"})
            response = connection.getresponse()
            assert response.status == 200
            response.readline()
            house.pieces.people.set_password("anna", "another password")
            response.read()  # to the end


def test_the_server_stops_with_a_stream_open(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        with house.served() as address:
            parts = urlsplit(address)
            connection = http.client.HTTPConnection(
                parts.hostname or "", parts.port, timeout=LIMIT_S
            )
            connection.request("GET", "/api/v1/live", headers=house.program("look"))
            response = connection.getresponse()
            response.readline()
            began_s = time.monotonic()
        assert time.monotonic() - began_s < 10
        response.read()
        connection.close()


@pytest.mark.parametrize(
    ("path", "n_bytes"),
    [("/login", 70_000), ("/api/v1/snooze", 70_000), ("/api/v1/analyze", RECORDING_BYTES + 20_000)],
)
def test_a_body_that_is_too_large_is_refused(
    house: House, address: str, path: str, n_bytes: int
) -> None:
    headers = house.program("administer") | {"Content-Type": "application/json"}
    if path == "/api/v1/analyze":
        headers["Content-Type"] = "audio/wav"
    if path == "/login":
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    status, _, body = ask(address, "POST", path, body=b"x" * n_bytes, headers=headers)
    assert status == 413
    if path.startswith("/api/"):
        assert "larger" in json.loads(body)["error"]


def test_a_body_without_a_length_is_limited_too(house: House, address: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(80):
            yield b"x" * 1000

    headers = house.program("administer") | {"Content-Type": "application/json"}
    status, _, _ = ask(address, "POST", "/api/v1/snooze", body=pieces(), headers=headers)
    assert status == 413


class Watch:
    """Every file that this process opens to write, whatever opens it; a hook stays for good."""

    def __init__(self) -> None:
        self.is_on = False
        self.written: list[object] = []
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on or event != "open":
            return
        path, mode, flags = arguments
        if (flags or 0) & (os.O_WRONLY | os.O_RDWR) or set(str(mode or "r")) & set("wax+"):
            self.written.append(path)


@pytest.fixture(scope="module")
def only_watch() -> Watch:
    return Watch()


@pytest.fixture
def watch(only_watch: Watch) -> Iterator[Watch]:
    only_watch.written.clear()
    only_watch.is_on = True
    yield only_watch
    only_watch.is_on = False


def test_the_watch_sees_temporary_files(watch: Watch) -> None:
    with tempfile.TemporaryFile(), tempfile.SpooledTemporaryFile(max_size=1) as file:
        file.write(b"more than one")
    assert len(watch.written) >= 2


@pytest.mark.parametrize("form", [False, True])
def test_a_recording_is_heard_without_touching_the_disk(
    house: House, address: str, watch: Watch, form: bool
) -> None:
    content = bundled_sample().read_bytes()
    # As large as can be: werkzeug's own parser would use a file from half a megabyte on.
    content += b"\0" * (3_000_000 - len(content))
    before = _names(house)
    if form:
        headers, content = _form(house, content)
        path = "/listen"
    else:
        path, headers = "/api/v1/analyze", house.program("look") | {"Content-Type": "audio/flac"}
    status, _, body = ask(address, "POST", path, body=content, headers=headers)
    assert status == 200
    if not form:
        answer = json.loads(body)
        assert answer["duration_s"] == pytest.approx(25.0, abs=1.0)
        assert answer["speech_s"] > 5
        assert answer["windows"]
        assert answer["model"]["name"] == "room"
    # Who logged in and when a token was used is noted in a database, which makes no sound.
    assert {str(path) for path in watch.written} <= {str(house.pieces.database.path)}
    assert _names(house) == before


def _form(house: House, content: bytes) -> tuple[dict[str, str], bytes]:
    """Return headers and body as a browser sends the form."""
    client = house.log_in("lena")
    cookie = client.get_cookie("ser-edge")
    assert cookie
    field = b'--edge\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    body = b"".join(
        (
            field % (b"csrf_token", b"", csrf_of(client, "/listen").encode()),
            field % (b"recording", b'; filename="../../voice.flac"', content),
            b"--edge--\r\n",
        )
    )
    headers = {
        "Cookie": f"ser-edge={cookie.value}",
        "Content-Type": "multipart/form-data; boundary=edge",
    }
    return headers, body


def _names(house: House) -> set[Path]:
    return {path for path in house.folder.rglob("*") if not path.name.endswith("-journal")}


def test_one_recording_at_a_time(house: House, address: str) -> None:
    from edge.dashboard import hearing

    headers = house.program("look") | {"Content-Type": "audio/flac"}
    content = bundled_sample().read_bytes()
    with hearing._one_at_a_time:
        status, answered, body = ask(
            address, "POST", "/api/v1/analyze", body=content, headers=headers
        )
    assert (status, answered["Retry-After"]) == (503, "5")
    assert "another recording" in json.loads(body)["error"]


class TestProxy:
    """Behind a proxy on this machine, what it says counts; from elsewhere it does not."""

    @pytest.mark.parametrize(
        ("peer", "forwarded", "counts_as"),
        [
            ("127.0.0.1", "192.0.2.7", "192.0.2.7"),
            ("127.0.0.1", "6.6.6.6, 192.0.2.7", "192.0.2.7"),
            ("::1", "2001:db8::7", "2001:db8::7"),
            ("192.0.2.99", "6.6.6.6", "192.0.2.99"),
            ("127.0.0.1", "", "127.0.0.1"),
        ],
    )
    def test_who_asks(self, peer: str, forwarded: str, counts_as: str) -> None:
        from edge.dashboard.headers import BehindProxy

        seen: list[dict[str, Any]] = []
        app = BehindProxy(lambda environ, _: seen.append(environ) or [])
        environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http"}
        headers = {"HTTP_X_FORWARDED_FOR": forwarded, "HTTP_X_FORWARDED_PROTO": "https"}
        app(environ | headers, None)
        assert seen[0]["REMOTE_ADDR"] == counts_as
        assert seen[0]["wsgi.url_scheme"] == ("http" if peer == "192.0.2.99" else "https")

    def test_the_cookie_is_for_https_behind_it(self, address: str) -> None:
        _, headers, _ = ask(address, "GET", "/login", headers={"X-Forwarded-Proto": "https"})
        assert headers["Set-Cookie"].startswith("__Host-ser-edge=")
        assert "Secure" in headers["Set-Cookie"]


def test_an_address_that_is_taken_is_a_sentence(house: House, address: str) -> None:
    parts = urlsplit(address)
    taken = Address(host=parts.hostname or "", port=parts.port or 0)
    with pytest.raises(
        ConfigError, match=r"cannot answer on 127\.0\.0\.1 port \d+: [\w ]*in use; set"
    ):
        Server(house.app, taken)


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\n"])
def test_a_certificate_that_is_none_is_a_sentence(
    house: House, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "certificate.pem"
    if content is not None:
        file.write_text(content)
    wanted = Address(host="127.0.0.1", port=0, certificate=file, key=file)
    why = "No such file" if content is None else "they are no certificate"
    with pytest.raises(ConfigError, match=rf"impossible with .*certificate\.pem: {why}[\w ]*; set"):
        Server(house.app, wanted)


def test_a_certificate_without_its_key_is_a_sentence(house: House, tmp_path: Path) -> None:
    wanted = Address(host="127.0.0.1", port=0, certificate=tmp_path / "certificate.pem")
    with pytest.raises(ConfigError, match=r"certificate\.pem alone; set dashboard\.key"):
        Server(house.app, wanted)


def test_https_with_a_certificate_of_our_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from edge.dashboard.selfsigned import certificate_in, fingerprint_of

    pair = certificate_in(tmp_path, names=("localhost",))
    assert certificate_in(tmp_path, names=("localhost",)) == pair, "it is made once"
    assert pair.key.stat().st_mode & 0o777 == 0o600
    context = ssl.create_default_context(cafile=str(pair.certificate))
    wanted = Address(host="127.0.0.1", port=0, certificate=pair.certificate, key=pair.key)
    with a_house(tmp_path / "house") as house, running(house.app, wanted) as server:
        port = urlsplit(server.url).port
        with (
            socket.create_connection(("127.0.0.1", port or 0), timeout=LIMIT_S) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as way,
        ):
            assert way.version() in {"TLSv1.2", "TLSv1.3"}
            found = ssl.DER_cert_to_PEM_cert(way.getpeercert(binary_form=True) or b"")
            way.sendall(b"GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: way.recv(65536), b""))
        with socket.create_connection(("127.0.0.1", port or 0), timeout=LIMIT_S) as plain:
            plain.sendall(b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200" not in b"".join(iter(lambda: plain.recv(65536), b""))
    assert not [one for one in caplog.records if one.levelno >= logging.INFO], "no fault of ours"
    assert b"Set-Cookie: __Host-ser-edge=" in answer
    assert server.url.startswith("https://")
    assert fingerprint_of(pair.certificate).count(":") == 31
    assert found.strip() in pair.certificate.read_text()


def test_a_client_that_says_nothing_holds_nobody_up(address: str) -> None:
    parts = urlsplit(address)
    silent = [socket.create_connection((parts.hostname or "", parts.port or 0)) for _ in range(30)]
    try:
        began_s = time.monotonic()
        assert ask(address, "GET", "/login")[0] == 200
        assert time.monotonic() - began_s < 8
    finally:
        for way in silent:
            way.close()


def test_many_ask_at_once(house: House, address: str) -> None:
    answers: list[int] = []

    def look() -> None:
        headers = house.program("look")
        answers.extend(ask(address, "GET", "/api/v1/status", headers=headers)[0] for _ in range(5))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 40
