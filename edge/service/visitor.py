"""One connection to the control socket: what has come in, what is to go out, and its limits."""

from __future__ import annotations

import socket
from typing import Final

from edge.service.protocol import LONGEST_LINE_BYTES

_CHUNK_BYTES: Final = 2**14
_MOST_WAITING_BYTES: Final = 2**18
_NEWLINE: Final = b"\n"


class VisitorGoneError(Exception):
    """A connection has ended, or must be ended."""


class Visitor:
    """Never waits: it takes what has come and gives what the other side takes.

    Parameters
    ----------
    way : socket.socket
        Connected; it is closed with `close`.
    now_s : float
        Seconds of the clock that `now_s` everywhere is of.
    """

    def __init__(self, way: socket.socket, *, now_s: float) -> None:
        way.settimeout(0.0)
        self.way = way
        self.awaits_answer = False
        """Whether a request is being done: the next one waits, in the sender's own buffers."""
        self.is_watching = False
        self.is_leaving = False
        """Whether it is closed once everything was sent."""
        self.moved_s = now_s
        """When something last went in or out."""
        self.told: object = None
        """The newest news that it was told."""
        self.told_s: float | None = None
        self._in = bytearray()
        self._out = bytearray()

    @property
    def has_output(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._out)

    @property
    def has_line(self) -> bool:
        """Whether a whole line has come that may be taken now."""
        return not self.awaits_answer and not self.is_leaving and _NEWLINE in self._in

    @property
    def wants_input(self) -> bool:
        """Whether more may be read."""
        return not (self.awaits_answer or self.is_leaving or _NEWLINE in self._in)

    def receive(self, *, now_s: float) -> None:
        """Take what has come.

        Raises
        ------
        VisitorGoneError
        """
        try:
            chunk = self.way.recv(_CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            raise VisitorGoneError from error
        if not chunk:
            raise VisitorGoneError
        self.moved_s = now_s
        if not self.is_watching:  # a watcher has nothing more to say
            self._in += chunk

    def next_line(self) -> bytes | None:
        """Return the next whole line that has come; None without one."""
        line, found, rest = self._in.partition(_NEWLINE)
        if not found:
            return None
        self._in = rest
        return bytes(line)

    @property
    def is_overlong(self) -> bool:
        """Whether what has come is more than any line."""
        return len(self._in) > LONGEST_LINE_BYTES and _NEWLINE not in self._in

    def send(self, line: bytes, *, now_s: float) -> None:
        """Let a line go out, now or as soon as the other side takes it.

        Raises
        ------
        VisitorGoneError
        """
        if not self._out:
            self.moved_s = now_s  # the other side's patience begins now
        self._out += line
        if len(self._out) > _MOST_WAITING_BYTES:
            raise VisitorGoneError
        self.flush(now_s=now_s)

    def flush(self, *, now_s: float) -> None:
        """Give the other side what it takes.

        Raises
        ------
        VisitorGoneError
        """
        try:
            n_sent = self.way.send(self._out) if self._out else 0
        except BlockingIOError:
            return
        except OSError as error:
            raise VisitorGoneError from error
        if n_sent:
            self.moved_s = now_s
            del self._out[:n_sent]
        if self.is_leaving and not self._out:
            raise VisitorGoneError

    def close(self) -> None:
        """End the connection."""
        self.way.close()
