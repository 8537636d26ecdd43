"""The three programs of a room under the eyes of the kernel, with a broker and a browser's ears."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.privacy import traced
from tests.fakes.broker import free_port, wait_until

PROGRAM = [sys.executable, "-m", "edge"]
_END_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Beside:
    """`ser-edge deliver` and `ser-edge dashboard`, and where each is recorded."""

    deliver: Path
    dashboard: Path
    address: str
    token: str

    def listen(self, stop: threading.Event, heard: list[bytes]) -> None:
        """Hear what the page tells a browser, as it comes."""
        with urllib.request.urlopen(self._asked("live"), timeout=_END_S) as stream:
            while not stop.is_set():
                heard.append(stream.readline())

    def ask(self, name: str) -> bytes:
        """Return an answer of the API."""
        with urllib.request.urlopen(self._asked(name), timeout=_END_S) as answer:
            return bytes(answer.read())

    def analyse(self, recording: bytes) -> bytes:
        """Let the page listen to a recording; return what it says of it."""
        asked = self._asked("analyze")
        asked.data = recording
        asked.add_header("Content-Type", "audio/wav")
        with urllib.request.urlopen(asked, timeout=60.0) as answer:
            return bytes(answer.read())

    def answers(self) -> bool:
        """Return whether the page is there."""
        try:
            return bool(self.ask("health"))
        except (urllib.error.URLError, ConnectionError):
            return False

    def _asked(self, name: str) -> urllib.request.Request:
        return urllib.request.Request(
            f"{self.address}/api/v1/{name}", headers={"Authorization": f"Bearer {self.token}"}
        )


@contextmanager
def beside(folder: Path, config: Path, env: Mapping[str, str]) -> Iterator[Beside]:
    """Start what runs beside the ears; end it in the end."""
    port = free_port()
    house = Beside(
        deliver=folder / "deliver.trace",
        dashboard=folder / "dashboard.trace",
        address=f"http://127.0.0.1:{port}",
        token=_token(env),
    )
    commands = {
        house.deliver: [*PROGRAM, "deliver", "--config", str(config)],
        house.dashboard: [*PROGRAM, "dashboard", "--config", str(config), "--port", str(port)],
    }
    with ExitStack() as running:
        for record, command in commands.items():
            running.enter_context(_running(command, record, env))
        wait_until(house.answers)
        yield house


@contextmanager
def _running(command: list[str], record: Path, env: Mapping[str, str]) -> Iterator[None]:
    said = record.with_suffix(".said").open("wb")
    with said:
        tracer = subprocess.Popen(
            traced.traced(command, record), env=dict(env), stdout=said, stderr=said
        )
        try:
            yield
        finally:
            _end(tracer)


def _end(tracer: subprocess.Popen[bytes]) -> None:
    """End what is traced: the tracer ends with it."""
    children = Path(f"/proc/{tracer.pid}/task/{tracer.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGTERM)
    tracer.wait(_END_S)


def _token(env: Mapping[str, str]) -> str:
    added = subprocess.run(
        [*PROGRAM, "token", "add", "test"],
        env=dict(env),
        capture_output=True,
        text=True,
        check=True,
    )
    return added.stdout.split()[0]
