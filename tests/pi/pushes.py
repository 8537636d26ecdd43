"""Models for the virtual Pi, and `ser-trainer push` to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from edge.contract.bundle import ModelBundle, write_bundle
from tests.pi.machine import Machine
from tests.support import REPOSITORY

BUNDLED: Final = REPOSITORY / "edge/models/room.tflite"
_PADDING: Final = 1_600_000
"""Hexadecimal digits in the model card: such a file is under way for some seconds."""


def make_model(path: Path, *, version: str) -> str:
    """Write the bundled network as a model of another version, and return its SHA-256."""
    bundle = ModelBundle.load(BUNDLED)
    write_bundle(
        path,
        flatbuffer=bundle.flatbuffer,
        manifest=replace(bundle.manifest, version=version),
        golden_cases=bundle.golden,
        model_card=f"For the virtual Pi.\n\n{os.urandom(_PADDING // 2).hex()}\n",
    )
    return ModelBundle.load(path).sha256


class Push:
    """A push under way: what it says, line by line.

    Parameters
    ----------
    machine : Machine
        Its folder holds the keys: ``key`` to get in with, and to sign with.
    model : Path
    """

    def __init__(self, machine: Machine, model: Path) -> None:
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "trainer", "push", str(model)),
                f"ssh://ser-edge@127.0.0.1:{machine.port}",
                *("--key", str(machine.folder / "key"), "--json"),
                *_ssh_options(machine.folder),
            ],
            stdin=subprocess.DEVNULL,
            stdout=(machine.folder / "push.json").open("wb"),
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )

    def steps(self) -> Iterator[str]:
        """Yield each line when it comes."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(line.strip())
            yield self.lines[-1]

    def until(self, words: str) -> bool:
        """Read on until a line has these words; False where the push ended before."""
        return any(words in line for line in self.steps())

    def wait(self) -> int:
        """Read to the end and return the exit code."""
        self.rest()
        return self._process.wait()

    def rest(self) -> list[str]:
        """Read to the end and return what was read."""
        return list(self.steps())

    def end(self) -> None:
        """End it, however far it is; it ends its ssh."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def pushing(machine: Machine, model: Path) -> Iterator[Push]:
    """Push, and leave nothing running."""
    push = Push(machine, model)
    try:
        yield push
    finally:
        push.end()


def _ssh_options(folder: Path) -> list[str]:
    options = (
        "HostKeyAlias=pi",
        f"UserKnownHostsFile={folder}/known_hosts",
        "StrictHostKeyChecking=yes",
        f"IdentityFile={folder}/key",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
    )
    return [word for option in options for word in ("-o", option)]
