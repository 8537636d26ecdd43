"""Asking the ears, from another process: a command and its answer, or what they hear, live."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, Literal

from edge.config.places import Places
from edge.contract import tables
from edge.errors import NotListeningError, RefusedError
from edge.service.protocol import (
    Acknowledge,
    Answer,
    EndSnooze,
    Feedback,
    Mute,
    Reload,
    Request,
    Snooze,
    Unmute,
    Watch,
    request_line,
    socket_files,
)
from edge.service.status import STALE_S, Status

ANSWER_S: Final = 10.0
"""Longest time that a command may take."""

_RETRY_S: Final = 1.0
_LOOK_S: Final = 0.25
_CHUNK_BYTES: Final = 2**16
_MOST_BYTES: Final = 2**20


class Ears:
    """The ears that listen on this machine, seen from elsewhere.

    Every command returns once it was done and logged, and raises `NotListeningError` where nobody
    listens, `RefusedError` where it was refused. May be used from any thread.

    Parameters
    ----------
    places : Places
    answer_s : float
        Longest time to wait for an answer.
    """

    def __init__(self, places: Places, *, answer_s: float = ANSWER_S) -> None:
        self._paths = socket_files(places)
        self._answer_s = answer_s

    def acknowledge(self, *, who: str, note: str = "", alarm: str | None = None) -> Answer:
        """Say that somebody has come: to one alarm, or to all that are open."""
        return self.ask(Acknowledge(who=who, note=note, alarm=alarm))

    def snooze(self, *, who: str, for_s: float | None = None) -> Answer:
        """Let no rule raise an alarm for a while; by default as long as the configuration says."""
        return self.ask(Snooze(for_s=for_s, who=who))

    def end_snooze(self, *, who: str) -> Answer:
        """Let alarms be raised again."""
        return self.ask(EndSnooze(who=who))

    def mute(self, *, who: str) -> Answer:
        """Close the microphone."""
        return self.ask(Mute(who=who))

    def unmute(self, *, who: str) -> Answer:
        """Open the microphone again."""
        return self.ask(Unmute(who=who))

    def feedback(
        self,
        *,
        who: str,
        heard_at: str,
        verdict: Literal["right", "wrong"],
        truth: str | None = None,
        note: str = "",
        alarm: str | None = None,
    ) -> Answer:
        """Write into the log that what was heard was right, or wrong."""
        return self.ask(
            Feedback(
                who=who, heard_at=heard_at, verdict=verdict, truth=truth, note=note, alarm=alarm
            )
        )

    def reload(self) -> Answer:
        """Let settings and model be read anew."""
        return self.ask(Reload())

    def ask(self, request: Request) -> Answer:
        """Send a request and wait for its answer.

        Raises
        ------
        NotListeningError
            If nobody answers.
        RefusedError
            With the ears' own sentence.
        """
        with closing(self._connected()) as way:
            try:
                way.sendall(request_line(request))
                line = _Lines(way).next(limit_s=self._answer_s)
            except OSError as error:
                raise NotListeningError(f"ser-edge did not answer: {_said(error)}") from error
        try:
            answer = tables.from_table(Answer, json.loads(line or b""), path="")
        except ValueError as error:
            text = "ser-edge did not answer; `ser-edge status` tells whether it is well"
            raise NotListeningError(text) from error
        if not answer.ok:
            raise RefusedError(answer.error)
        return answer

    def watch(self, stop: threading.Event) -> Iterator[Status | None]:
        """Yield the status whenever something changes, and at least each two seconds.

        While the ears are away, or stuck, it yields None about once a second and tries again, until
        `stop` is set.
        """
        while not stop.is_set():
            try:
                with closing(self._connected()) as way:
                    way.sendall(request_line(Watch()))
                    yield from _statuses(_Lines(way), stop)
            except OSError:  # `NotListeningError` is one of them
                pass
            if stop.is_set():
                return
            yield None
            stop.wait(_RETRY_S)

    def _connected(self) -> socket.socket:
        refusals = []
        for path in self._paths:
            try:
                return _connected(path)
            except OSError as error:
                refusals.append(_refusal(path, error))
        raise NotListeningError(next((text for text in refusals if text), _NOBODY))


_NOBODY: Final = (
    "no ser-edge listens here that could be asked; start it with `sudo systemctl start ser-edge`"
)


def _refusal(path: Path, error: OSError) -> str:
    """Return what keeps us out, if it is more than that nobody is there."""
    if not isinstance(error, PermissionError):
        return ""
    return (
        f"{path}: you may not ask ser-edge; use sudo, or become one of its group with "
        "`sudo usermod -aG ser-edge $USER` and log in again"
    )


def _connected(path: Path) -> socket.socket:
    way = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    way.settimeout(1.0)
    try:
        way.connect(str(path))
    except OSError:
        way.close()
        raise
    return way


class _Lines:
    """Reads whole lines from a socket."""

    def __init__(self, way: socket.socket) -> None:
        self._way = way
        self._held = b""

    def next(self, *, limit_s: float) -> bytes | None:
        """Return the next line, None if none came in time; raises `OSError` at the end."""
        deadline_s = time.monotonic() + limit_s
        while b"\n" not in self._held:
            rest_s = deadline_s - time.monotonic()
            if rest_s <= 0:
                return None
            self._way.settimeout(rest_s)
            try:
                chunk = self._way.recv(_CHUNK_BYTES)
            except TimeoutError:
                return None
            if not chunk or len(self._held) > _MOST_BYTES:
                raise ConnectionResetError("the connection has ended")
            self._held += chunk
        line, _, self._held = self._held.partition(b"\n")
        return line


def _statuses(lines: _Lines, stop: threading.Event) -> Iterator[Status]:
    """Yield what is told until the end, or until nothing has been told for too long."""
    told_s = time.monotonic()
    while not stop.is_set() and time.monotonic() - told_s < STALE_S:
        line = lines.next(limit_s=_LOOK_S)
        if line is None:
            continue
        told_s = time.monotonic()
        try:
            status = tables.from_table(Status, json.loads(line), path="")
        except ValueError:  # ears of another version
            return
        yield status


def _said(error: OSError) -> str:
    return error.strerror or str(error)
