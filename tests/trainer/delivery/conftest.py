"""Devices behind a stand-in for ssh, which notes how it is called."""

from __future__ import annotations

import json
import os
import shlex
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import REPOSITORY
from trainer.delivery.conversation import Step
from trainer.delivery.courier import Courier, Way
from trainer.delivery.inventory import Host
from trainer.delivery.offer import Offer, prepare

DEVICE = Path(__file__).with_name("device.py")
ROOM = REPOSITORY / "edge" / "models" / "room.tflite"
QUICK = Way(back_off_s=0.01, patience_s=20)

# The last two words are the destination and the remote command.
STAND_IN = """#!/bin/sh
printf '%s\\n' "$@" > "$DEVICES/called"
while [ $# -gt 2 ]; do shift; done
exec "$DEVICES/$1/run"
"""


class Devices:
    """Hosts that the stand-in for ssh leads to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, **behaviour: object) -> Host:
        memory = self.folder / name
        memory.mkdir(parents=True)
        words = (sys.executable, "-SE", str(DEVICE), json.dumps(behaviour), str(memory))
        (memory / "run").write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n")
        (memory / "run").chmod(0o755)
        return Host(name=name, destination=name)

    def offer_to(self, name: str) -> dict:
        return json.loads((self.folder / name / "offer.json").read_text())

    def n_visits(self, name: str) -> int:
        return int((self.folder / name / "visits").read_text())

    def called(self) -> list[str]:
        return (self.folder / "called").read_text().splitlines()


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Devices:
    programs, folder = tmp_path / "programs", tmp_path / "devices"
    programs.mkdir()
    folder.mkdir()
    (programs / "ssh").write_text(STAND_IN)
    (programs / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("DEVICES", str(folder))
    return Devices(folder)


@pytest.fixture(scope="session")
def offer() -> Offer:
    return prepare(ROOM, key=None, allow_downgrade=False)


@pytest.fixture
def steps() -> list[Step]:
    return []


@pytest.fixture
def courier(steps: list[Step]) -> Callable[..., Courier]:
    def made(host: Host, way: Way = QUICK, stop: threading.Event | None = None) -> Courier:
        return Courier(host, way=way, tell=steps.append, stop=stop or threading.Event())

    return made
