"""One sshd for each module, and an ssh on the path that knows its devices."""

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
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", f"{server.programs}:{os.environ['PATH']}")
            yield server
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def ssh_of_the_server(server: Server) -> None:
    """Let every test have the ssh that knows the server, also where it does not name it."""
