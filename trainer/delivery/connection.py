"""A running ssh: lines come out, bytes go in, and nothing waits for longer than was agreed."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO, Final, Self

from trainer.delivery.outcomes import UnreachableError

_TICK_S: Final = 0.2  # how late an interruption may be noticed
_FAREWELL_S: Final = 5.0  # for a process that has closed its output, to end
_PIECE_BYTES: Final = 32_768
_LONGEST_LINE: Final = 1_048_576
_KEPT_COMPLAINTS: Final = 16_384


class SilentError(Exception):
    """The other side said nothing for too long, or had no end of a line."""


class InterruptedPush(Exception):  # noqa: N818 - no error: the user wants it so
    """The push shall end now."""


class Connection:
    """One process of ssh, in a session of its own: Ctrl-C reaches it through us alone.

    Parameters
    ----------
    command : sequence of str
    stop : threading.Event
        Set when the push shall end.

    Raises
    ------
    UnreachableError
        If there is no such program.
    """

    def __init__(self, command: Sequence[str], *, stop: threading.Event) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - no shell; hosts cannot be options
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                bufsize=0,
            )
        except FileNotFoundError as error:
            raise UnreachableError(
                f"there is no program {command[0]} here; install OpenSSH's client"
            ) from error
        self._stop = stop
        self._selector = selectors.DefaultSelector()
        self._heard, self._complaints = bytearray(), bytearray()
        self._is_writable = False
        self._buffers = {self._stdout: self._heard, self._stderr: self._complaints}
        for pipe in (self._stdin, *self._buffers):
            os.set_blocking(pipe.fileno(), False)
        for pipe in self._buffers:
            self._selector.register(pipe, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process, if it has not ended by itself, and whatever it has started."""
        self._selector.close()
        with suppress(OSError):
            self._stdin.close()
        if kind is None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_FAREWELL_S)
        for order in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, order)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(2)
        for pipe in self._buffers:
            pipe.close()

    def send(self, data: memoryview, *, patience_s: float) -> int:
        """Return how many bytes were taken; 0 where the other side has gone.

        What it says meanwhile is kept for `line`.

        Raises
        ------
        SilentError, InterruptedPush
        """
        self._is_writable = False
        self._selector.register(self._stdin, selectors.EVENT_WRITE)
        try:
            self._wait(lambda: self._is_writable or self._has_closed, patience_s)
        finally:
            self._selector.unregister(self._stdin)
        try:
            return 0 if self._has_closed else os.write(self._stdin.fileno(), data[:_PIECE_BYTES])
        except BrokenPipeError:
            return 0

    def line(self, *, patience_s: float) -> bytes | None:
        """Return the next line without its end; none where the other side has gone.

        Raises
        ------
        SilentError, InterruptedPush
        """
        self._wait(lambda: self._has_spoken, patience_s)
        end = self._heard.find(b"\n")
        if end < 0 and not self._heard:
            return None
        line = bytes(self._heard if end < 0 else self._heard[:end])
        del self._heard[: len(line) + 1]
        return line

    def ended(self) -> tuple[int, str]:
        """Return the exit code and what stood on standard error, when `line` has returned none."""
        with suppress(SilentError):
            self._wait(lambda: self._process.poll() is not None, _FAREWELL_S)
            # A master of shared connections may keep the pipe open for ever after.
            self._wait(lambda: not self._is_open(self._stderr), _TICK_S)
        code = self._process.poll()
        return 255 if code is None else code, self.complaints

    @property
    def complaints(self) -> str:
        """What stood on standard error until now, or the end of it."""
        return self._complaints.decode(errors="replace")

    @property
    def _has_spoken(self) -> bool:
        return b"\n" in self._heard or self._has_closed

    @property
    def _has_closed(self) -> bool:
        return not self._is_open(self._stdout)

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin
        return self._process.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout
        return self._process.stdout

    @property
    def _stderr(self) -> IO[bytes]:
        assert self._process.stderr
        return self._process.stderr

    def _is_open(self, pipe: IO[bytes]) -> bool:
        return pipe in self._selector.get_map()

    def _wait(self, is_enough: Callable[[], bool], patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while not is_enough():
            if self._stop.is_set():
                raise InterruptedPush
            left = deadline - time.monotonic()
            if left <= 0 or len(self._heard) > _LONGEST_LINE:
                raise SilentError
            self._listen(min(left, _TICK_S))

    def _listen(self, wait_s: float) -> None:
        if not self._selector.get_map():
            time.sleep(wait_s)
        for key, _ in self._selector.select(wait_s):
            if key.fileobj is self._stdin:
                self._is_writable = True
            else:
                self._take_in(key.fileobj)  # type: ignore[arg-type]

    def _take_in(self, pipe: IO[bytes]) -> None:
        piece = os.read(pipe.fileno(), _PIECE_BYTES)
        if piece:
            self._buffers[pipe] += piece
            del self._complaints[:-_KEPT_COMPLAINTS]
        else:
            self._selector.unregister(pipe)
