"""The system's own tools, asked with a limit in time: one that hangs is ended with its children."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

_LIMIT_S: Final = 5.0
_MOST_BYTES: Final = 1_000_000
"""Of a longer answer the end is kept."""
_ALSO: Final = "/usr/sbin:/sbin"
"""Where tools lie that are not on the PATH of an ordinary user."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a tool said."""

    text: str
    fault: str = ""
    """Why there is no proper answer; empty if there is one."""

    @property
    def fields(self) -> dict[str, str]:
        """The text as lines of ``key=value``."""
        pairs = (line.partition("=") for line in self.text.splitlines())
        return {key: value for key, mark, value in pairs if mark}


def ask(*command: str, limit_s: float = _LIMIT_S) -> Answer:
    """Run a tool without input, in English.

    Returns
    -------
    Answer
        What it wrote, standard error included. A tool that is absent, fails or hangs has a `fault`.
    """
    tool = shutil.which(command[0], path=f"{os.environ.get('PATH', '')}:{_ALSO}")
    if tool is None:
        return Answer(text="", fault=f"{command[0]} is not installed")
    # A file in memory, not a pipe: a grandchild that keeps a pipe open would be waited for.
    with os.fdopen(os.memfd_create(command[0]), "w+b") as written:
        fault = _run([tool, *command[1:]], written.fileno(), limit_s)
        size = written.seek(0, os.SEEK_END)
        written.seek(max(0, size - _MOST_BYTES))
        if size > _MOST_BYTES:
            written.readline()  # half a line says nothing, and what it says may be half a secret
        return Answer(text=written.read().decode(errors="replace").strip(), fault=fault)


def _run(command: list[str], written: int, limit_s: float) -> str:
    try:
        process = subprocess.Popen(  # noqa: S603 - found on the PATH; the arguments are our own
            command,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            env=os.environ | {"LC_ALL": "C"},
            start_new_session=True,
        )
    except OSError as error:
        return f"{command[0]} cannot be run: {error.strerror}"
    try:
        code = process.wait(limit_s)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"{command[0]} gave no answer within {limit_s:g} s"
    return f"{command[0]} ended with status {code}" if code else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):  # it may hang in the kernel, where no signal reaches
        process.wait(1.0)
