from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edge.cli.main import main
from edge.dashboard.database import Database
from edge.dashboard.people import People
from edge.dashboard.tokens import Tokens
from tests.support import REPOSITORY, need

PASSWORD = "correct horse battery"


def ser_edge(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge", *words],
        cwd=REPOSITORY,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def database() -> Database:
    return Database(Path(os.environ["STATE_DIRECTORY"]) / "dashboard.db")


@pytest.fixture
def people(database: Database) -> People:
    return People(database, now_s=lambda: 0.0)


class TestUser:
    def test_from_adding_to_removing(self, people: People) -> None:
        added = ser_edge("user", "add", "anna", "--role", "acknowledge", given=f"{PASSWORD}\n")
        assert added.returncode == 0, added.stderr
        assert "anna may log in now, with the role acknowledge" in added.stdout
        assert people.check("anna", PASSWORD)

        assert ser_edge("user", "password", "anna", given="another long one\n").returncode == 0
        assert people.check("anna", "another long one")

        assert ser_edge("user", "role", "anna", "look").returncode == 0
        assert ser_edge("user", "list").stdout.split() == ["anna", "look"]

        assert ser_edge("user", "remove", "anna").returncode == 0
        assert people.all() == []

    @pytest.mark.parametrize(
        ("words", "given", "code", "part"),
        [
            (("add", "a b!"), PASSWORD, 2, "is no name"),
            (("add", "anna"), "short\n", 2, "5 characters"),
            (("add", "anna"), "", 2, "0 characters"),
            (("remove", "anna"), "", 66, "no user 'anna'"),
            (("password", "anna"), PASSWORD, 66, "no user 'anna'"),
            (("role", "anna", "look"), "", 66, "no user 'anna'"),
        ],
    )
    def test_what_cannot_be_done_is_a_sentence(
        self,
        words: tuple[str, ...],
        given: str,
        code: int,
        part: str,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        (tmp_path / "input").write_text(given)
        with (tmp_path / "input").open() as file:
            monkeypatch.setattr(sys, "stdin", file)
            assert main(["user", *words]) == code
        assert part in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("second", "code", "part"),
        [(PASSWORD, 0, "may log in"), ("not the same", 2, "differ")],
    )
    def test_a_terminal_asks_twice_and_shows_nothing(
        self, second: str, code: int, part: str, people: People
    ) -> None:
        try:
            import pexpect
        except ImportError:
            need(condition=False, reason="pexpect, which comes with the trainer's side")
        child = pexpect.spawn(
            sys.executable, ["-m", "edge", "user", "add", "anna"], cwd=REPOSITORY, timeout=60
        )
        child.expect("password: ")
        child.sendline(PASSWORD)
        child.expect("once more: ")
        child.sendline(second)
        child.expect(pexpect.EOF)
        child.close()
        assert part in child.before.decode()
        assert PASSWORD not in child.before.decode()
        assert child.exitstatus == code
        assert len(people.all()) == (code == 0)


class TestToken:
    def test_from_adding_to_removing(
        self, database: Database, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tokens = Tokens(database, now_s=lambda: 0.0)
        assert main(["token", "add", "wall board", "--role", "look"]) == 0
        word = capsys.readouterr().out.strip()
        assert tokens.program(word)
        assert main(["token", "list"]) == 0
        assert capsys.readouterr().out.split() == [
            "wall",
            "board",
            "look",
            "last",
            "used",
            "1970-01-01",
            "00:00Z",
        ]
        assert main(["token", "remove", "wall board"]) == 0
        assert tokens.program(word) is None
        assert main(["token", "remove", "wall board"]) == 66
        assert "no token 'wall board'" in capsys.readouterr().err


@contextmanager
def dashboard(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the real program; yields it and what it said first."""
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "dashboard", "--port", "0", *words],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        assert line.startswith("the page is at "), process.communicate()
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_stops_when_told(number: int, database: Database) -> None:
    word = Tokens(database, now_s=lambda: 0.0).add("board", role="look")
    with dashboard() as (process, url):
        parts = urlsplit(url)
        assert parts.hostname == "127.0.0.1", "nobody else may reach it unless asked for"
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        headers = {"Authorization": f"Bearer {word}"}
        connection.request("GET", "/api/v1/status", headers=headers)
        assert json.load(connection.getresponse()) == {"listening": False, "status": None}
        connection.request("GET", "/api/v1/models/current", headers=headers)
        assert json.load(connection.getresponse())["name"] == "room"
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        connection.close()
    assert (process.returncode, out, err) == (0, "", "")


def test_who_opens_it_to_a_network_without_https_is_warned() -> None:
    with dashboard("--host", "0.0.0.0") as (process, _):
        assert process.stderr
        assert "without HTTPS, whoever is in this network" in process.stderr.readline()


def test_self_signed(tmp_path: Path) -> None:
    with dashboard("--self-signed") as (process, url):
        assert url.startswith("https://")
        assert process.stdout
        said = re.search(r"SHA-256 ([0-9A-F:]{95})$", process.stdout.readline().strip())
        assert said
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), 30) as plain,
            context.wrap_socket(plain) as way,
        ):
            certificate = way.getpeercert(binary_form=True) or b""
    assert ssl.DER_cert_to_PEM_cert(certificate).strip() == (
        (tmp_path / "state" / "dashboard.crt").read_text().strip()
    )


@pytest.mark.parametrize("library", ["flask", "cheroot"])
def test_without_the_libraries_of_the_page_it_says_which(
    library: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert main(["dashboard"]) == 69
    assert f"needs the library {library}; install it" in capsys.readouterr().err


def test_people_are_kept_without_the_libraries_of_the_page(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for library in ("flask", "cheroot", "werkzeug"):
        monkeypatch.setitem(sys.modules, library, None)
    for name in [name for name in sys.modules if name.startswith("edge.dashboard")]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["user", "list"]) == 0


def test_a_taken_port_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["dashboard", "--port", str(port)]) == 78
    assert f"cannot answer on 127.0.0.1 port {port}" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_an_impossible_port_is_a_wrong_command_line(
    capsys: pytest.CaptureFixture[str], port: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["dashboard", f"--port={port}"])
    assert ended.value.code == 2
    assert f"{port!r} is no port; expected 0 to 65535" in capsys.readouterr().err
