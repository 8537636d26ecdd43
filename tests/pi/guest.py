"""What the test asks of the program on the virtual Pi, and does to the room around it."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from tests.pi.machine import Machine

STATUS: Final = "/run/ser-edge/status.json"
LOG: Final = "/var/lib/ser-edge/log.db"
OTHER_PARTS: Final = ("status", "listening", "buzzer")
"""What is lit or sounds, beside an LED for each emotion."""
_POLL_S: Final = 1.0
T = TypeVar("T")


class StepError(Exception):
    """A step of the story has gone wrong; the text says how."""


def wait_until(look: Callable[[], T | None], what: str, *, limit_s: float) -> T:
    """Look until something is seen and return it; a machine that is emulated takes its time.

    Raises
    ------
    StepError
        If it is not seen in time.
    """
    until_s = time.monotonic() + limit_s
    while time.monotonic() < until_s:
        if (seen := look()) is not None:
            return seen
        time.sleep(_POLL_S)
    raise StepError(f"not within {limit_s:g} s: {what}")


class Guest:
    """The inside of a machine that runs."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def do(self, command: str, *, limit_s: float = 120.0) -> str:
        """Run a command line as root and return what it printed.

        Raises
        ------
        StepError
            If it fails.
        """
        finished = self.machine.ssh(command, limit_s=limit_s)
        if finished.returncode:
            said = (finished.stdout + finished.stderr).strip()[-600:]
            raise StepError(f"`{command}` gave {finished.returncode}: {said}")
        return finished.stdout

    def play(self, sound: str) -> None:
        """Let the room sound like this file of ``/srv/sounds`` from now on."""
        self.do(f"ln -sfn /srv/sounds/{shlex.quote(sound)}.wav /run/playing; pkill -x aplay; true")

    def status(self) -> dict[str, Any] | None:
        """Return what the service says of itself, if it does."""
        finished = self.machine.ssh(f"cat {STATUS}", limit_s=30)
        try:
            return json.loads(finished.stdout)
        except ValueError:
            return None

    def wait_for(
        self, what: str, look: Callable[[dict[str, Any]], object], *, limit_s: float = 90.0
    ) -> dict[str, Any]:
        """Wait until the service's status fulfils a condition and return it.

        Raises
        ------
        StepError
            With the last status.
        """
        last: list[dict[str, Any] | None] = [None]

        def asked() -> dict[str, Any] | None:
            last[0] = self.status()
            return last[0] if last[0] is not None and look(last[0]) else None

        try:
            return wait_until(asked, what, limit_s=limit_s)
        except StepError as error:
            raise StepError(f"{error}; the last status was {json.dumps(last[0])}") from None

    def wait_until_listening(self, *, not_pid: int | None = None) -> dict[str, Any]:
        """Wait until the service hears the room; after a death, until another process does."""
        before = self.status() or {}

        def listens(status: dict[str, Any]) -> bool:
            return (
                status["health"] == "listening"
                and status["pid"] != not_pid
                and status["n_windows"] > before.get("n_windows", 0) * (not_pid is None)
            )

        return self.wait_for("the service listens", listens)

    def rows(self) -> set[str]:
        """Return the rows of the log that are committed now."""
        self_ = "runuser -u ser-edge --"
        return set(self.do(f"{self_} python3 /srv/guest/rows.py {LOG}").splitlines())


def pins_of(config: Path) -> dict[str, int]:
    """Return which GPIO a configuration names for each LED, and for what else there is."""
    import tomllib

    panel = tomllib.loads(config.read_text(encoding="utf-8"))["panel"]
    return {**panel["leds"], **{part: panel[f"{part}_pin"] for part in OTHER_PARTS}}
