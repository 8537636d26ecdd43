"""A device's service: a real ``ser-edge run`` whose microphone is a pipe that the test fills."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from edge.service.status import Status, read_status
from tests.deploy.push.sshd import Device
from tests.fakes.sound import sample

_RATE_HZ = 16_000
_PIECE_S = 0.05
_PATIENCE_S = 60


class Service:
    """The service of a device; sound flows while `flows` is set."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._ends = threading.Event()
        self.flows = threading.Event()
        self.flows.set()
        self.start()
        self._feeding = threading.Thread(target=self._feed)
        self._feeding.start()

    def start(self) -> None:
        """Start it; `wait_until_alive` tells when it hears."""
        with (self._device.folder / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                (sys.executable, "-m", "edge", "run", "--source", "-", "--log-level", "error"),
                env=os.environ | self._device.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def kill(self) -> None:
        self._process.kill()
        self._bury()

    def stop(self) -> None:
        self._ends.set()
        self._feeding.join()
        self._process.terminate()
        self._bury()

    def _bury(self) -> None:
        self._process.wait()
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def status(self) -> Status | None:
        return read_status(self._device.runtime / "status.json")

    def wait_until_alive(self) -> None:
        """Wait until it says that it lives and has scored sound."""
        self._wait(lambda: bool((s := self.status()) and s.alive and s.n_windows))

    def log(self) -> str:
        return (self._device.folder / "service.log").read_text()

    def version_after(self, former: str) -> str:
        """Return the version of the model that it says it runs, once that is not `former`."""
        self._wait(lambda: self._version() != former)
        return self._version()

    def _version(self) -> str:
        # The status is written whole or not at all.
        text = (self._device.runtime / "status.json").read_text()
        return json.loads(text)["model"]["version"]

    def _wait(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not is_so():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def _feed(self) -> None:
        sound = (sample() * 32767).astype("<i2").tobytes()
        n_bytes, at = int(_PIECE_S * _RATE_HZ) * 2, 0
        due = time.monotonic()
        while not self._ends.is_set():
            if self.flows.is_set():
                with suppress(BrokenPipeError, ValueError):
                    os.write(self._process.stdin.fileno(), sound[at : at + n_bytes])
                at = (at + n_bytes) % len(sound)
            due += _PIECE_S
            self._ends.wait(max(0.0, due - time.monotonic()))
