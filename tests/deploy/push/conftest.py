"""One sshd for each module, and models that are good, bad and ugly."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.deploy.push.sshd import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("sshd"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def ssh_of_the_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{server.programs}:{os.environ['PATH']}")
